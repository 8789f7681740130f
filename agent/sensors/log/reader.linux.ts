import type { Positions } from '../linux/positions.ts';
import type { Settings } from '../options.ts';
import { LogFiles } from './files.ts';
import { JournalFollower } from './journal.linux.ts';
import type { LogLine } from './line.ts';
import { parseSource, systemLogs } from './sources.ts';
import { Throttle } from './throttle.ts';

/** Files are looked at no more often than this, however many sensors ask. */
const minPollMs = 200;
/** Time for every sensor to come, before what waited while nobody read is given to those that are there. */
const gatherMs = 500;

/** A sensor that wants lines. */
export interface LogListener {
  readonly onLine: (line: LogLine) => void;
  /** Lines of a source that will never come. */
  readonly onLost?: (source: string, lines: number) => void;
}

/**
 * The logs of this host, read once for all sensors: the journal through one journalctl where there is one, else the
 * files of the syslog daemon, and the files of the settings. Open while somebody listens.
 */
export class LogReader {
  readonly #settings: Settings;
  readonly #positions: Positions;
  readonly #listeners = new Set<LogListener>();
  #files: LogFiles | undefined;
  #journal: JournalFollower | undefined;
  /** True where the files of the syslog daemon are read. */
  #fromFiles = false;
  #untrack: () => void = () => {};
  #changedAtMs = 0;
  #polledAtMs = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, positions: Positions) {
    this.#settings = settings;
    this.#positions = positions;
  }

  /** Begins to give lines, some of them between polls. Gives the function that ends it. */
  listen(listener: LogListener): () => Promise<void> {
    this.#listeners.add(listener);
    this.#changed();
    return async () => {
      if (!this.#listeners.delete(listener)) return;
      this.#changed();
      if (this.#listeners.size === 0) await this.#close();
    };
  }

  /** Reads what has come, unless that was done a moment ago. */
  poll(): void {
    const nowMs = Date.now();
    if (this.#listeners.size === 0 || Math.abs(nowMs - this.#polledAtMs) < minPollMs) return;
    this.#polledAtMs = nowMs;
    if (this.#files === undefined) this.#open();
    if (this.#journal?.works === false) this.#leaveJournal();
    const gathered = Math.abs(nowMs - this.#changedAtMs) >= gatherMs;
    this.#journal?.start();
    if (gathered) this.#journal?.release();
    this.#files?.poll(gathered);
    this.#positions.tick();
  }

  /** Names of the sources there are, after a poll. */
  get sources(): readonly string[] {
    const files = this.#files?.present ?? [];
    return this.#journal?.running === true ? ['journal', ...files] : files;
  }

  /** Where logins are told as text; undefined where nothing does. */
  get loginSource(): 'journal' | 'auth-log' | undefined {
    if (this.#journal !== undefined) return 'journal';
    return this.#fromFiles && this.#files?.present.includes('auth') === true ? 'auth-log' : undefined;
  }

  /** What is known to be missing, in words. */
  get gaps(): string | undefined {
    const { gaps = 0 } = this.#files ?? {};
    const { gaps: cursors = 0 } = this.#journal ?? {};
    const { problem } = this.#positions;
    const parts = [
      ...(gaps > 0 ? [`${gaps} times a file was cut short or gone before its rest was read`] : []),
      ...(cursors > 0 ? [`${cursors} times the place in the journal could not be found again`] : []),
      ...(problem === undefined ? [] : [`positions cannot be kept: ${problem}`]),
    ];
    return parts.length > 0 ? parts.join('; ') : undefined;
  }

  #changed(): void {
    this.#changedAtMs = Date.now();
    this.#journal?.hold();
  }

  #open(): void {
    const settings = this.#settings;
    this.#fromFiles = !(settings.journal && JournalFollower.available(settings));
    if (!this.#fromFiles) this.#journal = this.#openJournal();
    this.#files = this.#openFiles();
  }

  #openFiles(): LogFiles {
    const { logFiles, logLinesPerSecond, varRoot } = this.#settings;
    const own = logFiles.flatMap((text) => parseSource(text) ?? []);
    return new LogFiles({
      sources: this.#fromFiles ? [...systemLogs(varRoot), ...own] : own,
      linesPerSecond: logLinesPerSecond,
      positions: this.#positions,
      onLine: (line) => this.#give(line),
      onLost: (source, lines) => this.#lose(source, lines),
    });
  }

  #openJournal(): JournalFollower {
    const journal = new JournalFollower({
      settings: this.#settings,
      cursor: this.#positions.storedOf('journal'),
      throttle: new Throttle(this.#settings.logLinesPerSecond),
      onLine: (line) => this.#give(line),
      onLost: () => this.#lose('journal', 1),
    });
    this.#untrack = this.#positions.track('journal', () => journal.cursor);
    return journal;
  }

  /** journalctl does not work here: the files are better than nothing. */
  #leaveJournal(): void {
    this.#untrack();
    void this.#journal?.close();
    this.#journal = undefined;
    this.#fromFiles = true;
    this.#files?.close();
    this.#files = this.#openFiles();
  }

  #give(line: LogLine): void {
    for (const { onLine } of this.#listeners) onLine(line);
  }

  #lose(source: string, lines: number): void {
    for (const { onLost } of this.#listeners) onLost?.(source, lines);
  }

  async #close(): Promise<void> {
    const journal = this.#journal;
    this.#untrack();
    this.#files?.close();
    this.#files = undefined;
    this.#journal = undefined;
    this.#positions.save();
    await journal?.close();
  }
}
