/**
 * What an event is about, so that the same thing seen again is the same alert and something else is another. Only the
 * event decides, never the rule: a host and its collector come to the same answer.
 */
import { type ColumnarEvents, type EventRow, valueAt } from '../schema/columns.ts';
import { commandShape } from './command-shape.ts';

/** The process that acts, as a person would name it: not by its id, which each run has anew. */
const actor = ['user.name', 'process.executable'] as const;
const flow = [...actor, 'destination.ip', 'destination.port'] as const;
const file = [...actor, 'file.path'] as const;

/** By event type; of the fields an event has, their values together are its entity. */
const aboutByType: Readonly<Record<string, readonly string[]>> = {
  'account.change': ['event.action', 'user.name', 'group.name', 'file.path'],
  'audit.record': ['auditd.type', 'auditd.key', 'user.id', 'process.executable', 'auditd.name'],
  'bpf.load': [...actor, 'bpf.program.type'],
  'device.access': [...actor, 'device.name'],
  'device.change': ['device.kind', 'device.name', 'device.serial_number'],
  'dns.query': [...actor, 'dns.question.name'],
  'executable.hash': ['process.executable', 'process.hash.sha256'],
  external: ['event.action', 'user.name', 'source.ip', 'file.path', 'db.query.text'],
  'file.change': file,
  'file.create': file,
  'file.delete': file,
  'file.privilege': ['event.action', 'file.path'],
  'file.rename': file,
  finding: ['finding.detector', 'finding.kind', 'finding.entity'],
  'host.health': [],
  'http.request': [...actor, 'url.domain', 'destination.ip'],
  'log.line': ['log.service', 'log.source', 'message'],
  login: ['event.action', 'event.outcome', 'user.name', 'user.effective.name', 'source.ip', 'source.domain'],
  loss: ['loss.reason'],
  'module.change': [...actor, 'module.name'],
  'mount.change': [...actor, 'mount.point'],
  'network.connection': flow,
  'network.flow': flow,
  'network.scan': ['network.scan.kind', 'source.ip', 'destination.ip'],
  'package.change': ['event.action', 'package.name'],
  'package.file': ['package.name', 'file.path'],
  'package.state': ['package.name'],
  'process.access': [...actor, 'process.target.executable'],
  'process.end': [...actor],
  'process.fork': [...actor],
  'process.identity': [...actor, 'user.changes.id', 'group.changes.id'],
  'process.start': [...actor, 'process.parent.executable', 'process.command_line'],
  'query.result': ['query.name'],
  'tls.hello': [...actor, 'destination.ip', 'tls.client.server_name'],
};

/** Of a type that says nothing else. */
const aboutAnything = [...actor, 'file.path', 'source.ip', 'destination.ip', 'package.name'];

/** Texts in which numbers and tokens are made anew each time; only their shape is the entity. */
const shaped: ReadonlySet<string> = new Set([
  'process.command_line',
  'process.executable',
  'process.parent.executable',
  'file.path',
  'message',
]);

/** Characters of a value that tell entities apart. */
const valueLength = 1024;

/** Values by ECS name, in the order of their declaration. */
export type Entity = Readonly<Record<string, string>>;

/** Names of the fields that make up the entity of events of a type. */
export function aboutOf(type: string): readonly string[] {
  return aboutByType[type] ?? aboutAnything;
}

function entityFrom(type: string, read: (name: string) => unknown): Entity {
  const entity: Record<string, string> = {};
  for (const name of aboutOf(type)) {
    const value = read(name);
    if (value === undefined || value === null) continue;
    const text = String(value).slice(0, valueLength);
    entity[name] = shaped.has(name) ? commandShape(text) : text;
  }
  return entity;
}

/** Of a row of columns. */
export function entityAt(events: ColumnarEvents, row: number): Entity {
  return entityFrom(events.type, (name) => {
    const column = events.columns.get(name);
    return column === undefined ? undefined : valueAt(column, row);
  });
}

export function entityOf(event: EventRow): Entity {
  return entityFrom(event.type, (name) => event[name]);
}

/** One text for one entity of one type of event; the same entity always gives the same. */
export function entityText(type: string, entity: Entity): string {
  return JSON.stringify([type, entity]);
}
