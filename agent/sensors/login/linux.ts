import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { FileFollower, linesOf, type Take } from '../linux/file-follower.ts';
import { UserNames } from '../linux/user-names.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { LoginAccounting } from './accounting.linux.ts';
import { AuthLines } from './auth-lines.linux.ts';
import { JournalFollower } from './journal.linux.ts';
import { LastLog } from './lastlog.linux.ts';
import { parseSyslogLine } from './syslog-line.ts';

/** Debian and its like, Red Hat and its like. */
const logNames = ['log/auth.log', 'log/secure'];
const accountingFiles = ['log/wtmp', 'log/btmp', 'log/lastlog'];

/**
 * Logins from the authentication log, or the journal where there is no such log, and from utmp, wtmp, btmp and
 * lastlog. History is not replayed: every file is followed from its end.
 */
export class LoginLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'followed';
  readonly #settings: Settings;
  readonly #accounting: LoginAccounting;
  readonly #lastLog: LastLog;
  readonly #logs: FileFollower[];
  readonly #journal: JournalFollower;
  readonly #takes: Take[];
  #emit: Emit = () => {};
  #text: 'auth-log' | 'journal' | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#accounting = new LoginAccounting(settings);
    this.#lastLog = new LastLog(join(settings.varRoot, 'log/lastlog'), new UserNames(settings.etcRoot));
    this.#logs = logNames.map((name) => new FileFollower(join(settings.varRoot, name)));
    const fromLog = new AuthLines('auth-log');
    this.#takes = this.#logs.map(() =>
      linesOf((text) => {
        const line = parseSyslogLine(text, Date.now());
        if (line !== undefined) for (const event of fromLog.eventsOf(line)) this.#emit(event);
      }),
    );
    const fromJournal = new AuthLines('journal');
    this.#journal = new JournalFollower((line) => {
      for (const event of fromJournal.eventsOf(line)) this.#emit(event);
    });
  }

  async open(): Promise<string | undefined> {
    const { varRoot, runRoot, journal } = this.#settings;
    const paths = [...logNames, ...accountingFiles].map((name) => join(varRoot, name));
    const readable = [...paths, join(runRoot, 'utmp')].some(isReadable);
    if (readable || (journal && JournalFollower.available(runRoot))) return undefined;
    return 'no record of logins can be read: no auth.log, secure, journal, utmp, wtmp, btmp or lastlog';
  }

  async look(emit: Emit): Promise<void> {
    this.#emit = emit;
    for (const [i, log] of this.#logs.entries()) log.poll(this.#takes[i] ?? (() => 0));
    this.#text = this.#logs.some((log) => log.present) ? 'auth-log' : this.#followJournal();
    this.#accounting.look(emit, this.#text !== undefined);
    this.#lastLog.look(emit, this.#text !== undefined || this.#accounting.hasWtmp);
  }

  note(): string {
    const text = this.#text === undefined ? [] : [this.#text];
    const lastLog = this.#lastLog.present ? ['lastlog'] : [];
    const sources = [...text, ...this.#accounting.present, ...lastLog];
    const missing = this.#text === undefined ? '; su and sudo are not seen without auth.log or journal' : '';
    return `from ${sources.join(', ') || 'nothing yet'}${missing}`;
  }

  async close(): Promise<void> {
    this.#emit = () => {};
    for (const log of this.#logs) log.close();
    this.#accounting.close();
    await this.#journal.close();
  }

  #followJournal(): 'journal' | undefined {
    if (!this.#settings.journal || !JournalFollower.available(this.#settings.runRoot)) return undefined;
    this.#journal.start();
    return this.#journal.running ? 'journal' : undefined;
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
