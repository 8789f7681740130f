import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { UserNames } from '../linux/user-names.ts';
import type { Emit } from '../sensor.ts';
import { lastlogRecordBytes, parseLastlog } from './utmp.linux.ts';

type Login = EventByType['login'];

/**
 * When each local user signed in last, from lastlog(8). The first look tells it of everybody, as baseline. After
 * that it tells new logins only where nothing better does: it keeps one a user, and no end.
 */
export class LastLog {
  readonly #path: string;
  readonly #users: UserNames;
  readonly #record = Buffer.alloc(lastlogRecordBytes);
  /** Last login in microseconds, by user id. */
  readonly #known = new Map<string, number>();
  #version = '';
  #first = true;
  #present = false;

  constructor(path: string, users: UserNames) {
    this.#path = path;
    this.#users = users;
  }

  get present(): boolean {
    return this.#present;
  }

  /** `covered` says that another source tells the logins. */
  look(emit: Emit, covered: boolean): void {
    let fd: number | undefined;
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      this.#present = true;
      const version = `${mtimeMs}:${size}:${ino}`;
      if (version !== this.#version) {
        fd = openSync(this.#path, 'r');
        this.#read(fd, emit, covered);
        this.#version = version;
      }
    } catch {
      // Gone, or no right to read it: asked again at the next look.
      this.#present = false;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    this.#first = false;
  }

  #read(fd: number, emit: Emit, covered: boolean): void {
    for (const [userId, name] of this.#users.all()) {
      if (!/^\d{1,10}$/.test(userId)) continue;
      // The file is sparse: the record of a user stands at id times size.
      const got = readSync(fd, this.#record, 0, lastlogRecordBytes, Number(userId) * lastlogRecordBytes);
      const last = parseLastlog(this.#record.subarray(0, got));
      if (last === undefined || last.at === this.#known.get(userId)) continue;
      this.#known.set(userId, last.at);
      if (this.#first || !covered) emit(this.#event(name, last));
    }
  }

  #event(name: string, { line, host, at }: { line: string; host: string; at: number }): Login {
    const isAddress = isIP(host) !== 0;
    return {
      type: 'login',
      time: at,
      'event.action': 'login',
      'event.outcome': 'success',
      'event.baseline': this.#first || undefined,
      'user.name': name,
      'source.ip': isAddress ? host.toLowerCase() : undefined,
      'source.domain': isAddress || host === '' || host.startsWith(':') ? undefined : host,
      'process.tty': line || undefined,
      'log.source': 'lastlog',
    };
  }
}
