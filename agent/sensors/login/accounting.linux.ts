import { isIP } from 'node:net';
import { join } from 'node:path';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import { FileFollower } from '../linux/file-follower.ts';
import { positionIn } from '../linux/open-log.ts';
import type { Positions } from '../linux/positions.ts';
import { recordsOf } from '../linux/takes.ts';
import type { Settings } from '../options.ts';
import type { Emit } from '../sensor.ts';
import { parseUtmp, type UtmpRecord, utmpRecordBytes, utmpTypes } from './utmp.linux.ts';

type Login = EventByType['login'];
/** Sessions of utmp that are read: 1 MiB of records. */
const maxUtmpBytes = 1024 * 1024;
/** Terminal lines whose user is remembered until the logout. */
const maxLines = 4096;

/**
 * The login accounting files of utmp(5). utmp tells who is signed in at the first look; wtmp tells logins, logouts,
 * boots and shutdowns from then on (where it is missing, changes of utmp do); btmp tells failed attempts.
 *
 * So that one fact is told once: while a text source (authentication log or journal) runs, failures and all that
 * came over the network are left to it, and only logins at terminals of the host are taken from here.
 */
export class LoginAccounting {
  readonly #wtmp: FileFollower;
  readonly #btmp: FileFollower;
  readonly #utmpPath: string;
  readonly #utmpFile = new BoundedFile(maxUtmpBytes);
  /** Who is at which line, for logouts, whose records do not name the user. */
  readonly #atLine = new Map<string, UtmpRecord>();
  readonly #ends: (() => void)[] = [];
  #sessions = new Map<string, UtmpRecord>();
  #first = true;

  /** With `positions`, wtmp and btmp are taken up where the last run stopped. */
  constructor(settings: Settings, positions: Positions | undefined) {
    const follow = (name: string) => {
      const path = join(settings.varRoot, 'log', name);
      const resume = positionIn(positions?.storedOf(`file:${path}`));
      const follower = new FileFollower(path, { unitBytes: utmpRecordBytes, resume });
      this.#ends.push(positions?.track(`file:${path}`, () => follower.position) ?? (() => {}));
      return follower;
    };
    this.#wtmp = follow('wtmp');
    this.#btmp = follow('btmp');
    this.#utmpPath = join(settings.runRoot, 'utmp');
  }

  /** Emits what was recorded since the last call; the first time, who is signed in now, as baseline. */
  look(emit: Emit, textSource: boolean): void {
    this.#lookAtUtmp(emit, textSource);
    const onWtmp = recordsOf(utmpRecordBytes, (bytes) => {
      const record = parseUtmp(bytes);
      const event = record === undefined ? undefined : this.#wtmpEvent(record, textSource);
      if (event !== undefined) emit(event);
    });
    const onBtmp = recordsOf(utmpRecordBytes, (bytes) => {
      const record = parseUtmp(bytes);
      if (record !== undefined && record.type !== 0 && !textSource) emit(eventOf(record, 'failed', 'btmp'));
    });
    this.#wtmp.poll(onWtmp);
    this.#btmp.poll(onBtmp);
    this.#first = false;
  }

  get hasWtmp(): boolean {
    return this.#wtmp.present;
  }

  /** Which of the files are there, after a look. */
  get present(): readonly string[] {
    const names: string[] = [];
    if (this.#utmpFile.readOnce(this.#utmpPath) >= 0) names.push('utmp');
    if (this.#wtmp.present) names.push('wtmp');
    if (this.#btmp.present) names.push('btmp');
    return names;
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#wtmp.close();
    this.#btmp.close();
  }

  #lookAtUtmp(emit: Emit, textSource: boolean): void {
    if (!this.#first && this.#wtmp.present) return;
    const sessions = this.#readUtmp();
    for (const [key, record] of sessions) {
      if (this.#sessions.has(key)) continue;
      this.#remember(record);
      if (this.#first) emit({ ...eventOf(record, 'login', 'utmp'), 'event.baseline': true });
      else if (!(textSource && isRemote(record))) emit(eventOf(record, 'login', 'utmp'));
    }
    for (const [key, record] of this.#sessions) {
      if (sessions.has(key)) continue;
      this.#atLine.delete(record.line);
      const gone = { ...record, at: Date.now() * 1000 };
      if (!(textSource && isRemote(record))) emit(eventOf(gone, 'logout', 'utmp'));
    }
    this.#sessions = sessions;
  }

  #readUtmp(): Map<string, UtmpRecord> {
    const sessions = new Map<string, UtmpRecord>();
    const length = this.#utmpFile.read(this.#utmpPath);
    const take = recordsOf(utmpRecordBytes, (bytes) => {
      const record = parseUtmp(bytes);
      if (record?.type === utmpTypes.userProcess) {
        sessions.set(`${record.line} ${record.pid} ${record.at}`, record);
      }
    });
    if (length > 0) take(this.#utmpFile.buffer.subarray(0, length), 0);
    return sessions;
  }

  #wtmpEvent(record: UtmpRecord, textSource: boolean): Login | undefined {
    switch (record.type) {
      case utmpTypes.userProcess:
        this.#remember(record);
        return textSource && isRemote(record) ? undefined : eventOf(record, 'login', 'wtmp');
      case utmpTypes.deadProcess: {
        const before = this.#atLine.get(record.line);
        this.#atLine.delete(record.line);
        const user = record.user || before?.user || '';
        if (before === undefined && user === '') return undefined;
        const whole = {
          ...record,
          user,
          host: record.host || before?.host || '',
          ip: record.ip ?? before?.ip,
        };
        return textSource && isRemote(whole) ? undefined : eventOf(whole, 'logout', 'wtmp');
      }
      case utmpTypes.bootTime:
        return eventOf({ ...record, host: '', user: '' }, 'boot', 'wtmp');
      case utmpTypes.runLevel:
        if (record.user !== 'shutdown') return undefined;
        return eventOf({ ...record, host: '', user: '' }, 'shutdown', 'wtmp');
      default:
        return undefined;
    }
  }

  #remember(record: UtmpRecord): void {
    if (this.#atLine.size < maxLines) this.#atLine.set(record.line, record);
  }
}

/** Came over the network, as far as recorded: has an address, or a host that is no X display (`:0`). */
function isRemote(record: UtmpRecord): boolean {
  return record.ip !== undefined || (record.host !== '' && !record.host.startsWith(':'));
}

function eventOf(record: UtmpRecord, action: Login['event.action'], source: 'utmp' | 'wtmp' | 'btmp'): Login {
  const { host, line, user } = record;
  const ip = record.ip ?? (isIP(host) === 0 ? undefined : host.toLowerCase());
  return {
    type: 'login',
    time: record.at,
    'event.action': action,
    'event.outcome': action === 'failed' ? 'failure' : 'success',
    'user.name': user || undefined,
    'source.ip': ip,
    'source.domain': host === '' || isIP(host) !== 0 || host.startsWith(':') ? undefined : host,
    'process.pid': record.pid > 0 ? record.pid : undefined,
    'process.tty': line === '' || line === '~' ? undefined : line,
    'log.source': source,
  };
}
