import { accessSync, constants } from 'node:fs';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { JournalFollower } from './journal.linux.ts';
import { parseSource, pathsOf, systemLogs } from './sources.ts';
import { LineTelling } from './telling.ts';

/** Lines of the journal, of syslog's files and of those in the settings. Nothing is told in a sample. */
export class LogLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'followed';
  readonly #host: LinuxHost | undefined;
  readonly #settings: Settings;
  readonly #telling = new LineTelling();
  #end: (() => Promise<void>) | undefined;

  /** Without a host it only finds out whether there are logs. */
  constructor(settings: Settings, host: LinuxHost | undefined) {
    this.#settings = settings;
    this.#host = host;
  }

  async open(): Promise<string | undefined> {
    const { journal, logFiles, varRoot } = this.#settings;
    if (journal && JournalFollower.available(this.#settings)) return undefined;
    const own = logFiles.flatMap((text) => parseSource(text) ?? []);
    const paths = [...systemLogs(varRoot), ...own].flatMap((source) => pathsOf(source, 16));
    if (paths.some(isReadable)) return undefined;
    return 'no log can be read: no journal, no file of syslog, and none of the settings';
  }

  async look(emit: Emit): Promise<void> {
    this.#telling.to(emit);
    this.#end ??= this.#host?.logs.listen(this.#telling);
    this.#host?.logs.poll();
    this.#telling.tellLosses();
  }

  note(): string {
    const { sources = [], gaps } = this.#host?.logs ?? {};
    const from = `from ${sources.join(', ') || 'nothing yet'}`;
    return gaps === undefined ? from : `${from}; ${gaps}`;
  }

  lost(): number {
    return this.#telling.lost;
  }

  async close(): Promise<void> {
    this.#telling.to(() => {});
    await this.#end?.();
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
