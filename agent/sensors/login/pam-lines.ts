import { type Facts, fact, from, terminal } from './facts.ts';

/** Services whose sessions and failures are told better by their own lines or by logind. */
const ownLines = new Set(['su', 'su-l', 'sudo', 'sudo-i', 'login', 'systemd-user']);

/** Lines of pam_unix(8) and its like: `pam_unix(SERVICE:TYPE): …`. */
export function pamFacts(message: string): Facts | undefined {
  const line = /^pam_[a-z_]+\(([^:)]+):(session|auth)\): (.*)$/s.exec(message);
  if (line === null) return undefined;
  const [, service = '', kind, rest = ''] = line;
  const told = { 'authentication.service': service };
  if (kind === 'session') return sessionFacts(service, rest);
  if (ownLines.has(service) || service === 'sshd') return undefined;
  const failure =
    /^authentication failure; logname=.*? uid=\d* euid=\d* tty=(\S*) ruser=.*? rhost=(\S*)(?:\s+user=(.*))?$/s.exec(
      rest,
    );
  if (failure === null) return undefined;
  return {
    ...fact('failed', 'failure', failure[3]),
    ...from(failure[2]),
    ...told,
    'process.tty': terminal(failure[1]),
  };
}

function sessionFacts(service: string, text: string): Facts | undefined {
  const session =
    /^session (opened|closed) for user (.*?)(?:\(uid=\d+\))?(?: by (.*?)(?:\(uid=\d+\))?)?$/s.exec(text);
  if (session === null || service === 'systemd-user') return undefined;
  const [, word, user, by] = session;
  const told = { 'authentication.service': service };
  if (word === 'closed')
    return { ...fact(service === 'sshd' ? 'logout' : 'session-close', 'success', user), ...told };
  // sshd, su, sudo and login tell the begin themselves, with more.
  if (service === 'sshd' || ownLines.has(service)) return undefined;
  const other = by === undefined || by === '' || by === user ? undefined : by;
  return other === undefined
    ? { ...fact('session-open', 'success', user), ...told }
    : { ...fact('session-open', 'success', other), ...told, 'user.effective.name': user };
}

/** Sessions whose user is remembered until they end. */
const maxSessions = 4096;

/** Lines of systemd-logind(8): `New session 4 of user alice.`, `Removed session 4.` */
export class LogindSessions {
  readonly #users = new Map<string, string>();

  factsOf(message: string): Facts | undefined {
    const opened = /^New session '?(\S{1,64}?)'? of user '?(.{1,256}?)'?(?: with class .*)?\.$/s.exec(
      message,
    );
    if (opened !== null) {
      const [, id = '', user = ''] = opened;
      if (this.#users.size < maxSessions) this.#users.set(id, user);
      return { ...fact('session-open', 'success', user), 'session.id': id };
    }
    const id = /^Removed session '?(\S{1,64}?)'?\.$/.exec(message)?.[1];
    if (id === undefined) return undefined;
    const user = this.#users.get(id);
    this.#users.delete(id);
    return { ...fact('session-close', 'success', user), 'session.id': id };
  }
}
