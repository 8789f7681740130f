import { type FSWatcher, watch } from 'node:fs';

/** A database is read when it has been quiet for so long, */
const quietMs = 700;
/** or at the latest so long after the first sign of change. */
const patienceMs = 3000;

/** Watches the folders of one database and says when it changed and has come to rest. */
export class DatabaseWatch {
  readonly #onChange: () => void;
  readonly #watches = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #firstAtMs = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches these folders and no others. What cannot be watched is left to whoever looks from time to time. */
  follow(folders: readonly string[]): void {
    for (const [folder, one] of this.#watches) {
      if (folders.includes(folder)) continue;
      one.close();
      this.#watches.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watches.has(folder)) continue;
      try {
        const one = watch(folder, { persistent: false }, () => this.#signal());
        one.on('error', () => this.#drop(folder));
        this.#watches.set(folder, one);
      } catch {
        // No watch to be had, or the folder is gone.
      }
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.follow([]);
  }

  #drop(folder: string): void {
    this.#watches.get(folder)?.close();
    this.#watches.delete(folder);
  }

  #signal(): void {
    const nowMs = performance.now();
    if (this.#timer === undefined) this.#firstAtMs = nowMs;
    else clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.min(quietMs, this.#firstAtMs + patienceMs - nowMs));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onChange();
    }, waitMs);
  }
}
