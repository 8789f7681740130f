/** Names kept of one folder before it is looked at as a whole. */
const maxNames = 256;
/** Names kept of all folders together. */
const maxAllNames = 8192;

/** The names touched in one folder, each with what was found at the first touch; `all` to look at every entry. */
export type Names<T> = ReadonlyMap<string, T> | 'all';

/**
 * What the system said was touched, until it is looked at. Bounded: many names of one folder become the folder, so
 * that a storm costs memory by folders and nothing of it is forgotten.
 */
export class Touched<T> {
  #folders = new Map<string, Map<string, T> | 'all'>();
  #names = 0;
  #folded = 0;

  get isEmpty(): boolean {
    return this.#folders.size === 0;
  }

  /** Folders that were touched too often to keep the names. */
  get folded(): number {
    return this.#folded;
  }

  /** Takes note of a name; `found` is asked for the first time only. */
  add(folder: string, name: string, found: () => T): void {
    const names = this.#folders.get(folder);
    if (names === 'all' || names?.has(name)) return;
    if ((names?.size ?? 0) >= maxNames || this.#names >= maxAllNames) {
      this.#folded++;
      this.addFolder(folder);
      return;
    }
    this.#names++;
    if (names === undefined) this.#folders.set(folder, new Map([[name, found()]]));
    else names.set(name, found());
  }

  addFolder(folder: string): void {
    const names = this.#folders.get(folder);
    if (names instanceof Map) this.#names -= names.size;
    this.#folders.set(folder, 'all');
  }

  /** Hands over everything and begins anew. */
  take(): ReadonlyMap<string, Names<T>> {
    const taken = this.#folders;
    this.#folders = new Map();
    this.#names = 0;
    return taken;
  }
}
