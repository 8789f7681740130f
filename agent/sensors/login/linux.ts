import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { LinuxHost } from '../linux/host.ts';
import { UserNames } from '../linux/user-names.ts';
import { JournalFollower } from '../log/journal.linux.ts';
import type { LogLine } from '../log/line.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { LoginAccounting } from './accounting.linux.ts';
import { AuthLines } from './auth-lines.linux.ts';
import { LastLog } from './lastlog.linux.ts';

/** Debian and its like, Red Hat and its like. */
const logNames = ['log/auth.log', 'log/secure'];
const accountingFiles = ['log/wtmp', 'log/btmp', 'log/lastlog'];

/**
 * Logins from the authentication log or the journal, whichever the host's logs are read from, and from utmp, wtmp,
 * btmp and lastlog. History is not replayed: every file is followed from its end, or from where the last run stopped.
 */
export class LoginLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'followed';
  readonly #settings: Settings;
  readonly #host: LinuxHost | undefined;
  readonly #accounting: LoginAccounting;
  readonly #lastLog: LastLog;
  readonly #fromLog = new AuthLines('auth-log');
  readonly #fromJournal = new AuthLines('journal');
  #emit: Emit = () => {};
  #end: (() => Promise<void>) | undefined;

  /** Without a host, as for samples, no lines are read: they only tell changes. */
  constructor(settings: Settings, host: LinuxHost | undefined) {
    this.#settings = settings;
    this.#host = host;
    this.#accounting = new LoginAccounting(settings, host?.positions);
    this.#lastLog = new LastLog(join(settings.varRoot, 'log/lastlog'), new UserNames(settings.etcRoot));
  }

  async open(): Promise<string | undefined> {
    const { varRoot, runRoot, journal } = this.#settings;
    const paths = [...logNames, ...accountingFiles].map((name) => join(varRoot, name));
    const readable = [...paths, join(runRoot, 'utmp')].some(isReadable);
    if (readable || (journal && JournalFollower.available(this.#settings))) return undefined;
    return 'no record of logins can be read: no auth.log, secure, journal, utmp, wtmp, btmp or lastlog';
  }

  async look(emit: Emit): Promise<void> {
    this.#emit = emit;
    this.#end ??= this.#host?.logs.listen({ onLine: (line) => this.#onLine(line) });
    this.#host?.logs.poll();
    const told = this.#host?.logs.loginSource !== undefined;
    this.#accounting.look(emit, told);
    this.#lastLog.look(emit, told || this.#accounting.hasWtmp);
  }

  note(): string {
    const text = this.#host?.logs.loginSource;
    const lastLog = this.#lastLog.present ? ['lastlog'] : [];
    const sources = [...(text === undefined ? [] : [text]), ...this.#accounting.present, ...lastLog];
    const missing = text === undefined ? '; su and sudo are not seen without auth.log or journal' : '';
    return `from ${sources.join(', ') || 'nothing yet'}${missing}`;
  }

  async close(): Promise<void> {
    this.#emit = () => {};
    this.#accounting.close();
    await this.#end?.();
  }

  #onLine(line: LogLine): void {
    const { source, program } = line;
    if (program === undefined || !(source === 'journal' || source === 'auth' || isCron(line))) return;
    const lines = source === 'journal' ? this.#fromJournal : this.#fromLog;
    for (const event of lines.eventsOf({ ...line, program, pid: line.pid })) this.#emit(event);
  }
}

/** What cron runs stands in the general log, or in one of its own. */
function isCron({ source, program = '' }: LogLine): boolean {
  return (source === 'syslog' || source === 'cron') && /^(?:cron|crond|crontab)$/i.test(program);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
