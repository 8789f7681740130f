import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../options.ts';
import { journalFields, parseJournalEntry } from './journal-entry.ts';
import type { LogLine } from './line.ts';
import type { Throttle } from './throttle.ts';

/** Bytes of one entry as JSON; a longer one is left out and counted. */
const maxEntryBytes = 1024 * 1024;
/** First wait before journalctl is started again after it ended by itself; doubles up to the longest. */
const backoffMs = { first: 1000, longest: 60_000 };
/** Ended this often without an entry, it is taken for not working here. */
const maxFailures = 3;
/** Having run for so long it worked, though there was nothing to tell. */
const settledMs = 60_000;
const cursorPattern = /^[\w=;-]{1,256}$/;

export interface JournalOptions {
  readonly settings: Settings;
  /** Where an earlier run stopped; from now on without, or when it is no cursor. */
  readonly cursor: unknown;
  readonly throttle: Throttle;
  readonly onLine: (line: LogLine) => void;
  /** Told of each entry that was too long. */
  readonly onLost: () => void;
}

/**
 * Follows the systemd journal through one journalctl(1). The journal keeps what is not read yet: while the throttle
 * holds, journalctl waits.
 */
export class JournalFollower {
  readonly #options: JournalOptions;
  #child: ChildProcess | undefined;
  #failures = 0;
  #startedAtMs = 0;
  #restartAtMs = 0;
  #held = true;
  #closed = false;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #cursor: string | undefined;
  /** Times the cursor was given up, so that it is not known what was missed. */
  gaps = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    const { cursor } = options;
    this.#cursor = typeof cursor === 'string' && cursorPattern.test(cursor) ? cursor : undefined;
  }

  /** True when a journal daemon listens on this host and has written something. */
  static available({ runRoot, varRoot }: Settings): boolean {
    if (!existsSync(join(runRoot, 'systemd/journal/socket'))) return false;
    return [join(runRoot, 'log/journal'), join(varRoot, 'log/journal')].some(holdsJournal);
  }

  /** False once journalctl was found not to work here. */
  get works(): boolean {
    return this.#failures < maxFailures;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Of the last entry given on. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Starts journalctl when it is due. Entries wait until `release`. */
  start(): void {
    if (this.#closed || this.#child !== undefined || Date.now() < this.#restartAtMs) return;
    this.#startedAtMs = Date.now();
    const child = spawn('journalctl', this.#arguments(), {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#child = child;
    child.once('error', () => this.#ended(child, null));
    child.once('close', (code) => this.#ended(child, code));
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    if (this.#held) child.stdout.pause();
  }

  /** Lets entries through as far as the throttle does; to be called again and again. */
  release(): void {
    this.#held = false;
    if (this.#options.throttle.ready()) this.#child?.stdout?.resume();
  }

  hold(): void {
    this.#held = true;
    this.#child?.stdout?.pause();
  }

  /** Ends journalctl; nothing is given on afterwards. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.stdout?.destroy();
    child.kill('SIGKILL');
    await gone;
  }

  #arguments(): string[] {
    const { varRoot } = this.#options.settings;
    const from = this.#cursor === undefined ? ['--lines=0'] : ['--no-tail', `--after-cursor=${this.#cursor}`];
    const where = varRoot === '/var' ? [] : [`--directory=${join(varRoot, 'log/journal')}`];
    const fields = `--output-fields=${journalFields.join(',')}`;
    return ['--output=json', '--all', '--follow', '--quiet', fields, ...from, ...where];
  }

  #ended(child: ChildProcess, code: number | null): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#parts = [];
    this.#partBytes = 0;
    this.#failures = Date.now() - this.#startedAtMs > settledMs ? 1 : this.#failures + 1;
    // A cursor it cannot make sense of makes it end at once.
    if (this.#failures > 1 && code === 1 && this.#cursor !== undefined) {
      this.#cursor = undefined;
      this.gaps++;
    }
    const wait = Math.min(backoffMs.longest, backoffMs.first * 2 ** Math.min(10, this.#failures - 1));
    this.#restartAtMs = Date.now() + wait;
  }

  #take(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#keep(chunk.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    if (!this.#options.throttle.ready()) this.#child?.stdout?.pause();
  }

  #keep(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes > maxEntryBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #finish(): void {
    const [first] = this.#parts;
    const tooLong = this.#partBytes > maxEntryBytes;
    const whole = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    if (this.#closed) return;
    if (tooLong) {
      this.#options.onLost();
      return;
    }
    const line = parseJournalEntry(whole.toString('utf8'));
    if (line === undefined) return;
    this.#failures = 0;
    if (line.cursor !== undefined && cursorPattern.test(line.cursor)) this.#cursor = line.cursor;
    this.#options.throttle.take();
    this.#options.onLine(line);
  }
}

/** Whether the folder has a folder with a journal file (systemd-journald.service(8), FILES). */
function holdsJournal(folder: string): boolean {
  try {
    return readdirSync(folder).some((machine) => {
      try {
        return readdirSync(join(folder, machine)).some((name) => name.endsWith('.journal'));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
