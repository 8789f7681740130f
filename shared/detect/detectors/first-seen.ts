import type { DetectorMemory, ShrinkableTable, TableStats } from './contract.ts';
import { HashTimes } from './hash-times.ts';
import { type Hashed, KeyHash } from './key-hash.ts';
import type { Plain } from './plain.ts';

/** Bytes of an entry, in a table that is half full as a rule. */
const entryBytes = 32;

/**
 * When a key was seen for the first time, for things of which most are never seen again: nothing more is kept of them,
 * and of the key its hash. Bounded; the older half goes when it is full.
 */
export class FirstSeen implements ShrinkableTable {
  readonly #name: string;
  readonly #half: number;
  readonly #memory: DetectorMemory;
  readonly #hash = new KeyHash();
  #young = new HashTimes();
  #old = new HashTimes();
  #evicted = 0;

  constructor(name: string, memory: DetectorMemory, most: number) {
    this.#name = name;
    this.#half = most / 2;
    this.#memory = memory;
    memory.add(this);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get bytes(): number {
    return this.size * entryBytes;
  }

  get stats(): TableStats {
    return { name: this.#name, entities: this.size, bytes: this.bytes, evicted: this.#evicted };
  }

  /** When the key was seen first, which is forgotten with this; undefined, and noted, where it is now. */
  take(key: string | Hashed, time: number): number | undefined {
    const hash = typeof key === 'string' ? this.#hash.from().text(key) : key;
    for (const times of [this.#young, this.#old]) {
      const at = times.get(hash);
      if (at === undefined) continue;
      times.delete(hash);
      this.#memory.grew(-entryBytes);
      return at;
    }
    if (this.#young.size >= this.#half) this.evictOldest();
    this.#young.set(hash, time);
    this.#memory.grew(entryBytes);
    return undefined;
  }

  evictOldest(): void {
    const gone = this.#old.size;
    this.#evicted += gone;
    this.#old = this.#young;
    this.#young = new HashTimes();
    this.#memory.grew(-gone * entryBytes);
  }

  save(): Plain {
    return [this.#old.save(), this.#young.save()];
  }

  load(saved: Plain): void {
    const [old, young] = saved as readonly [readonly number[], readonly number[]];
    this.#old.load(old);
    this.#young.load(young);
    this.#memory.grew(this.bytes);
  }
}
