import { isIP } from 'node:net';
import type { EventByType } from '#shared/events/registry.gen.ts';

type Login = EventByType['login'];
type Facts = Omit<Login, 'type' | 'time' | 'log.source'>;

/** One line of an authentication log or entry of the journal, taken apart. */
export interface AuthLine {
  /** Microseconds since the epoch. */
  readonly at: number;
  /** Program that wrote it, e.g. sshd. */
  readonly program: string;
  readonly pid: number | undefined;
  readonly message: string;
}

/** Connections whose unknown user was already told. */
const maxPending = 1024;
/** Repetitions rsyslog may claim in one line that are believed. */
const maxRepeats = 100;

/**
 * Turns lines of sshd, su, sudo, login, PAM and systemd-logind into events. User names in these lines are chosen by
 * whoever knocks, so patterns are anchored at the end, where the program itself writes.
 */
export class AuthLines {
  /** sshd tells an unknown user twice: at once, and when the first attempt fails. Pids told at once. */
  readonly #pending = new Set<number>();
  readonly #source: 'auth-log' | 'journal';

  constructor(source: 'auth-log' | 'journal') {
    this.#source = source;
  }

  /** The events of a line; most lines have none. */
  eventsOf(line: AuthLine): Login[] {
    const repeated = /^message repeated (\d{1,6}) times: \[ ?(.*?)\]?$/s.exec(line.message);
    const message = repeated?.[2] ?? line.message;
    const facts = this.#factsOf({ ...line, message });
    if (facts === undefined) return [];
    const event: Login = {
      type: 'login',
      time: line.at,
      'process.pid': line.pid,
      'process.name': line.program,
      message,
      ...facts,
      'log.source': this.#source,
    };
    const times = Math.min(maxRepeats, Math.max(1, Number(repeated?.[1] ?? 1)));
    return Array.from({ length: times }, () => ({ ...event }));
  }

  #factsOf(line: AuthLine): Facts | undefined {
    const { program, message } = line;
    const pam = pamFacts(message);
    if (pam !== undefined) return pam;
    switch (program) {
      case 'sshd':
      case 'sshd-session':
      case 'sshd-auth':
        return this.#sshd(line);
      case 'su':
        return suFacts(message);
      case 'sudo':
        return sudoFacts(message);
      case 'login':
        return loginFacts(message);
      case 'systemd-logind':
        return logindFacts(message);
      default:
        return undefined;
    }
  }

  #sshd({ message, pid }: AuthLine): Facts | undefined {
    const accepted = /^Accepted (\S+) for (.*) from (\S+) port \d+(?: ssh2)?(?:: .*)?$/s.exec(message);
    if (accepted !== null) {
      return { ...fact('login', 'success', accepted[2]), ...from(accepted[3]), ...method(accepted[1]) };
    }
    const failed = /^Failed (\S+) for (invalid user )?(.*) from (\S+) port \d+(?: ssh2)?(?:: .*)?$/s.exec(
      message,
    );
    if (failed !== null) {
      const told = failed[2] !== undefined && pid !== undefined && this.#pending.delete(pid);
      if (told) return undefined;
      return { ...fact('failed', 'failure', failed[3]), ...from(failed[4]), ...method(failed[1]) };
    }
    const invalid = /^Invalid user (.*) from (\S+?)(?: port \d+)?$/s.exec(message);
    if (invalid === null) return undefined;
    if (pid !== undefined && this.#pending.size < maxPending) this.#pending.add(pid);
    return { ...fact('failed', 'failure', invalid[1]), ...from(invalid[2]) };
  }
}

function fact(
  action: Login['event.action'],
  outcome: Login['event.outcome'],
  user: string | undefined,
): Facts {
  return { 'event.action': action, 'event.outcome': outcome, 'user.name': user || undefined };
}

function from(place: string | undefined): Partial<Facts> {
  if (place === undefined || place === '') return {};
  const bare = place.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(bare) === 0 ? { 'source.domain': place } : { 'source.ip': bare.toLowerCase() };
}

function method(name: string | undefined): Partial<Facts> {
  return name === undefined ? {} : { 'authentication.method': name.split('/', 1)[0] };
}

/** util-linux: `(to root) alice on pts/0`, `FAILED SU (to root) alice on pts/0`; shadow: `Successful su for root by alice`. */
function suFacts(message: string): Facts | undefined {
  const plain = /^(FAILED SU )?\(to (.*)\) (\S+) on (\S+)$/s.exec(message);
  if (plain !== null) {
    return {
      ...fact('su', plain[1] === undefined ? 'success' : 'failure', plain[3]),
      'user.effective.name': plain[2],
      'process.tty': terminal(plain[4]),
    };
  }
  const shadow = /^(Successful|FAILED) su for (.*) by (\S+)$/s.exec(message);
  if (shadow === null) return undefined;
  return {
    ...fact('su', shadow[1] === 'FAILED' ? 'failure' : 'success', shadow[3]),
    'user.effective.name': shadow[2],
  };
}

/**
 * sudoers(5), LOG FORMAT: `alice : [problem ; ]TTY=pts/0 ; PWD=/ ; USER=root ; [..]COMMAND=/bin/ls`. The command comes
 * last and may hold anything.
 */
function sudoFacts(message: string): Facts | undefined {
  const head = /^\s*(\S+) : /.exec(message);
  if (head === null) return undefined;
  const named = new Map<string, string>();
  let problem: string | undefined;
  let rest = message.slice(head[0].length);
  while (!rest.startsWith('COMMAND=')) {
    const end = rest.indexOf(' ; ');
    if (end < 0) return undefined;
    const part = /^(TTY|PWD|USER|GROUP|HOST|CHROOT|TSID|ENV)=(.*)$/s.exec(rest.slice(0, end));
    if (part !== null) named.set(part[1] ?? '', part[2] ?? '');
    else problem ??= rest.slice(0, end);
    rest = rest.slice(end + 3);
  }
  return {
    ...fact('sudo', problem === undefined ? 'success' : 'failure', head[1]),
    'user.effective.name': named.get('USER'),
    'process.tty': terminal(named.get('TTY')),
    'process.command_line': rest.slice('COMMAND='.length),
  };
}

/** login(1) of util-linux. Successes are in wtmp. */
function loginFacts(message: string): Facts | undefined {
  const failed = /^FAILED LOGIN (?:SESSION |\(\d+\) )?(?:on '?(\S*?)'? )?(?:FROM \S+ )?FOR '?(.*?)'?, /s.exec(
    message,
  );
  if (failed === null) return undefined;
  return { ...fact('failed', 'failure', failed[2]), 'process.tty': terminal(failed[1]) };
}

function logindFacts(message: string): Facts | undefined {
  const opened = /^New session '?\S+?'? of user '?(.+?)'?(?: with class .*)?\.$/s.exec(message);
  return opened === null ? undefined : fact('session-open', 'success', opened[1]);
}

/** Services whose sessions and failures are told better by their own lines or by logind. */
const ownLines = new Set(['su', 'su-l', 'sudo', 'sudo-i', 'login', 'systemd-user']);

/** Lines of pam_unix(8) and its like: `pam_unix(SERVICE:TYPE): …`. */
function pamFacts(message: string): Facts | undefined {
  const line = /^pam_[a-z_]+\(([^:)]+):(session|auth)\): (.*)$/s.exec(message);
  if (line === null) return undefined;
  const [, service = '', kind, rest = ''] = line;
  if (ownLines.has(service)) return undefined;
  if (kind === 'session') {
    const session = /^session (opened|closed) for user (.*?)(?:\(uid=\d+\))?(?: by .*)?$/s.exec(rest);
    if (session === null || (service === 'sshd' && session[1] === 'opened')) return undefined;
    if (service !== 'sshd' && session[1] === 'closed') return undefined;
    return fact(service === 'sshd' ? 'logout' : 'session-open', 'success', session[2]);
  }
  const failure =
    /^authentication failure; logname=.*? uid=\d* euid=\d* tty=(\S*) ruser=.*? rhost=(\S*)(?:\s+user=(.*))?$/s.exec(
      rest,
    );
  if (failure === null || service === 'sshd') return undefined;
  return {
    ...fact('failed', 'failure', failure[3]),
    ...from(failure[2]),
    'process.tty': terminal(failure[1]),
  };
}

function terminal(text: string | undefined): string | undefined {
  const name = text?.replace(/^\/dev\//, '');
  return name === '' || name === 'unknown' || name === 'none' ? undefined : name;
}
