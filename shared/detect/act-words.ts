/** What an event tells of, as a person would say it. Fields that are absent leave their part of the sentence out. */
import type { EventRow } from '../schema/columns.ts';
import { quoted } from './quoted.ts';

class Facts {
  readonly #event: EventRow;

  constructor(event: EventRow) {
    this.#event = event;
  }

  /** A value as text; undefined when absent. */
  of(field: string): string | undefined {
    const value = this.#event[field];
    if (value === undefined || value === '') return undefined;
    return quoted(Array.isArray(value) ? value.join(', ') : String(value));
  }

  /** The value with words before it; empty when absent. */
  with(words: string, field: string): string {
    const value = this.of(field);
    return value === undefined ? '' : ` ${words} ${value}`;
  }

  /** An address with its port. */
  side(of: 'source' | 'destination'): string | undefined {
    const address = this.of(`${of}.ip`);
    if (address === undefined) return undefined;
    const port = this.of(`${of}.port`);
    if (port === undefined) return address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** The program that acts, under whom and from what. */
  get actor(): string {
    const program = this.of('process.executable') ?? this.of('process.name');
    const name = program === undefined ? 'a process' : baseName(program);
    const parent = this.of('process.parent.executable') ?? this.of('process.parent.name');
    const from = parent === undefined ? '' : ` started by ${baseName(parent)}`;
    const user = this.of('user.name');
    return `${name}${from}${user === undefined ? '' : ` as ${user}`}`;
  }
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1) || path;

const fileVerbs: Readonly<Record<string, string>> = {
  'file.create': 'created',
  'file.change': 'changed',
  'file.delete': 'deleted',
};

function processStart(f: Facts): string {
  const command = f.of('process.command_line') ?? f.of('process.executable') ?? f.of('process.name');
  const parent = f.of('process.parent.executable') ?? f.of('process.parent.name');
  const who = f.of('user.name') ?? 'somebody';
  const from = parent === undefined ? '' : `, started by ${baseName(parent)}`;
  return `${who} ran ${command ?? 'a program'}${from}`;
}

function connection(f: Facts, isIncoming: boolean): string {
  const action = f.of('event.action');
  if (action === 'listening') return `${f.actor} listens at ${f.side('source') ?? 'a port'}`;
  if (action === 'attempted' || action === 'failed')
    return `${f.actor} tried to connect to ${f.side('destination') ?? 'another host'}`;
  if (isIncoming)
    return `${f.actor} was connected to by ${f.side('source') ?? 'somebody'}${f.with('on port', 'destination.port')}`;
  return `${f.actor} connected to ${f.side('destination') ?? 'another host'}`;
}

function login(f: Facts): string {
  const action = f.of('event.action') ?? 'login';
  const user = f.of('user.name') ?? 'somebody';
  const from = `${f.with('from', 'source.ip') || f.with('from', 'source.domain')}${f.with('by', 'authentication.method')}`;
  const as = f.with('as', 'user.effective.name');
  const ran = f.of('process.command_line');
  const failed = f.of('event.outcome') === 'failure';
  switch (action) {
    case 'failed':
      return `${user} failed to sign in${from}`;
    case 'login':
    case 'session-open':
      return failed ? `${user} failed to sign in${from}` : `${user} signed in${from}`;
    case 'sudo':
    case 'su':
    case 'privileged':
      return `${user} ${failed ? 'was refused' : 'used'} ${action}${as}${ran === undefined ? '' : ` to run ${ran}`}${from}`;
    default:
      return `${action} of ${user}${as}${from}`;
  }
}

/** What is told of types without a sentence of their own, most telling first. */
const telling = [
  'user.name',
  'group.name',
  'device.name',
  'package.name',
  'module.name',
  'mount.point',
  'loss.reason',
  'destination.ip',
  'source.ip',
  'source.port',
  'process.executable',
  'process.name',
  'message',
] as const;
const mostTold = 3;

function anything(f: Facts, event: EventRow): string {
  const told = telling.flatMap((field) => {
    const value = f.of(field);
    return value === undefined ? [] : [`${field.replace(/[._]/g, ' ')} ${value}`];
  });
  const what = event.type.replace(/[._-]/g, ' ');
  const action = f.of('event.action');
  const head = action === undefined ? what : `${what} (${action})`;
  return told.length === 0 ? head : `${head}: ${told.slice(0, mostTold).join(', ')}`;
}

/** One clause without a full stop. */
export function actOf(event: EventRow): string {
  const f = new Facts(event);
  switch (event.type) {
    case 'process.start':
      return processStart(f);
    case 'network.connection':
      return connection(f, event['network.initiated'] === false);
    case 'network.flow':
      return `${f.actor} exchanged data with ${f.side('destination') ?? 'another host'}`;
    case 'dns.query':
      return `${f.actor} asked for the name ${f.of('dns.question.name') ?? '?'}`;
    case 'http.request':
      return `${f.actor} asked ${f.of('url.domain') ?? f.side('destination') ?? 'a server'} for ${f.of('url.path') ?? 'a page'}`;
    case 'tls.hello':
      return `${f.actor} began TLS with ${f.of('tls.client.server_name') ?? f.side('destination') ?? 'a server'}`;
    case 'login':
      return login(f);
    case 'file.create':
    case 'file.change':
    case 'file.delete':
      return `${f.actor} ${fileVerbs[event.type]} ${f.of('file.path') ?? 'a file'}`;
    case 'file.rename':
      return `${f.actor} renamed ${f.of('file.previous.path') ?? 'a file'} to ${f.of('file.path') ?? 'another name'}`;
    case 'process.access':
      return `${f.actor} reached into ${f.of('process.target.name') ?? 'another process'}${f.with('by', 'event.action')}`;
    case 'device.access':
      return `${f.actor} ${f.of('event.action') === 'released' ? 'let go of' : 'opened'} ${f.of('device.name') ?? 'a device'}`;
    case 'package.change':
      return (
        `package ${f.of('package.name') ?? '?'} ${f.of('package.version') ?? ''}`.trimEnd() +
        f.with('was:', 'event.action')
      );
    default:
      return anything(f, event);
  }
}
