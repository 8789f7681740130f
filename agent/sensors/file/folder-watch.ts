import { sep } from 'node:path';
import type { FSWatcher } from 'chokidar';

/** Folders that are watched; the entries of more are found by looking at them from time to time. */
export const maxFolders = 4096;
/** Time between attempts to watch what could not be watched. */
const againMs = 300_000;

export interface FolderWatchOptions {
  /** Existing folders to begin at. */
  readonly roots: readonly string[];
  /** Whether to go into a folder below a root. */
  readonly leads: (folder: string) => boolean;
  /** An entry of a folder came, went or changed; without a name any of them may have. */
  readonly onTouch: (folder: string, name: string | undefined) => void;
}

/**
 * Watches folders through chokidar, one inotify watch each and none for files. Only the raw signals are used: chokidar
 * tells of changes of size and time, and we want those of mode and owner too, so each signal just says where to look.
 * It keeps the tree of folders: new ones are watched as they come, and lost roots when they come back.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #admitted = new Set<string>();
  /** Folders that could not be watched, with the code of the refusal. */
  readonly #refused = new Map<string, string>();
  #watcher: FSWatcher | undefined;
  #startedAtMs = 0;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Folders below the roots that are watched or ought to be, but not those beyond `maxFolders`. */
  get size(): number {
    return this.#admitted.size;
  }

  /** Codes of refusals (ENOSPC, EMFILE, ...) and how many folders each concerns. */
  refusals(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const code of this.#refused.values()) counts.set(code, (counts.get(code) ?? 0) + 1);
    return counts;
  }

  isWatched(folder: string): boolean {
    return this.#admitted.has(folder) && !this.#refused.has(folder);
  }

  /** Resolves when everything that is there is watched, or refused. */
  async start(): Promise<void> {
    const { watch } = await import('chokidar');
    this.#startedAtMs = Date.now();
    const watcher = watch([], {
      backend: 'native',
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path, stats) => (stats !== undefined && !stats.isDirectory()) || !this.#admits(slashed(path)),
    });
    this.#watcher = watcher;
    let isUp = false;
    const { onTouch } = this.#options;
    watcher.on('raw', (_, name, details) => {
      const { watchedPath: folder } = details as { watchedPath?: string };
      if (folder === undefined) return;
      // inotify tells of the watched folder itself under its own name, as if that were an entry.
      const isSelf =
        typeof name !== 'string' || name === '' || name === folder.slice(folder.lastIndexOf(sep) + 1);
      onTouch(slashed(folder), isSelf ? undefined : name);
    });
    watcher.on('addDir', (path) => {
      const folder = slashed(path);
      this.#admitted.add(folder);
      // Those that were there before are looked at by whoever started this.
      if (isUp) onTouch(folder, undefined);
    });
    watcher.on('unlinkDir', (folder) => {
      this.#admitted.delete(slashed(folder));
      this.#refused.delete(slashed(folder));
    });
    watcher.on('error', (error) => {
      const { path, code } = error as NodeJS.ErrnoException;
      if (path !== undefined) this.#refused.set(slashed(path), code ?? 'error');
    });
    const isReady = new Promise<void>((resolve) => watcher.once('ready', resolve));
    for (const root of this.#options.roots) this.#admitted.add(root);
    watcher.add([...this.#options.roots]);
    await isReady;
    isUp = true;
  }

  /** Begins anew when something could not be watched and enough time has gone by; true when it did. */
  async tryAgain(): Promise<boolean> {
    if (this.#refused.size === 0 || Math.abs(Date.now() - this.#startedAtMs) < againMs) return false;
    await this.stop();
    await this.start();
    return true;
  }

  async stop(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
    this.#admitted.clear();
    this.#refused.clear();
  }

  #admits(folder: string): boolean {
    if (this.#admitted.has(folder)) return true;
    return this.#admitted.size < maxFolders && this.#options.leads(folder);
  }
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
