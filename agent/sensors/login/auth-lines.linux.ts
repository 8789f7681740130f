import { type Facts, fact, from, type Login, method, terminal } from './facts.ts';
import { LogindSessions, pamFacts } from './pam-lines.ts';
import { polkitFacts, sudoFacts, suFacts } from './privilege-lines.ts';

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
 * Turns lines of sshd, su, sudo, login, PAM, systemd-logind, polkit and cron into events. User names in these lines
 * are chosen by whoever knocks, so patterns are anchored at the end, where the program itself writes.
 */
export class AuthLines {
  /** sshd tells an unknown user twice: at once, and when the first attempt fails. Pids told at once. */
  readonly #pending = new Set<number>();
  readonly #sessions = new LogindSessions();
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
        return this.#sessions.factsOf(message);
      case 'polkitd':
      case 'pkexec':
        return polkitFacts(message);
      case 'cron':
      case 'CRON':
      case 'crond':
      case 'crontab':
        return cronFacts(message);
      default:
        return undefined;
    }
  }

  #sshd({ message, pid }: AuthLine): Facts | undefined {
    const told =
      /^(Accepted|Failed) (\S+) for (invalid user )?(.*) from (\S+) port (\d{1,5})(?: ssh2)?(?:: (.*))?$/s;
    const attempt = told.exec(message);
    if (attempt !== null) {
      const [, word, how, unknown, user, place, port, key] = attempt;
      if (unknown !== undefined && pid !== undefined && this.#pending.delete(pid)) return undefined;
      const found = { ...from(place, port), ...method(how), ...keyFacts(key) };
      return word === 'Accepted'
        ? { ...fact('login', 'success', user), ...found }
        : { ...fact('failed', 'failure', user), ...found };
    }
    const invalid = /^Invalid user (.*) from (\S+?)(?: port (\d{1,5}))?$/s.exec(message);
    if (invalid === null) return undefined;
    if (pid !== undefined && this.#pending.size < maxPending) this.#pending.add(pid);
    return { ...fact('failed', 'failure', invalid[1]), ...from(invalid[2], invalid[3]) };
  }
}

/** login(1) of util-linux and of shadow. Successes at terminals are in wtmp as well, which knows more. */
function loginFacts(message: string): Facts | undefined {
  const failed = /^FAILED LOGIN (?:SESSION |\(\d+\) )?(?:on '?(\S*?)'? )?(?:FROM \S+ )?FOR '?(.*?)'?, /s.exec(
    message,
  );
  if (failed === null) return undefined;
  return { ...fact('failed', 'failure', failed[2]), 'process.tty': terminal(failed[1]) };
}

/**
 * What sshd appends about keys: `ED25519 SHA256:…`; of a certificate `ED25519-CERT SHA256:… ID … (serial …) CA ED25519
 * SHA256:…`, where the authority counts.
 */
function keyFacts(text: string | undefined): Partial<Facts> {
  const own = /^([A-Z0-9-]{2,32}) ((?:SHA256|MD5|SHA1|SHA512):\S{1,120})/.exec(text ?? '');
  const authority = / CA ([A-Z0-9-]{2,32}) ((?:SHA256|SHA512):\S{1,120})(?:$| via )/.exec(text ?? '');
  const key = authority ?? own;
  return key === null
    ? {}
    : { 'authentication.key.type': own?.[1] ?? key[1], 'authentication.key.fingerprint': key[2] };
}

/** cron(8): `(alice) CMD (/bin/job)`; crontab(1): `(alice) REPLACE (alice)`. Other lines are about cron itself. */
function cronFacts(message: string): Facts | undefined {
  const line = /^\(([^)]{1,256})\) (?:CMD \((.*)\)|(?:REPLACE|DELETE) \((.*)\))$/s.exec(message);
  if (line === null) return undefined;
  const [, user, command, table] = line;
  return {
    ...fact('cron', 'success', user),
    'process.command_line': command,
    'user.effective.name': table === user ? undefined : table,
  };
}
