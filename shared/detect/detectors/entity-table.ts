import { detectorBounds } from './bounds.ts';
import type { DetectorMemory, ShrinkableTable, TableStats } from './contract.ts';
import { bytesOf, type Plain } from './plain.ts';

interface Entry<S> {
  /** Undefined once it has left. */
  state: S | undefined;
  /** Event time at which it was moved to the young end. */
  touchedAt: number;
  uses: number;
  bytes: number;
}

/** A key whose thing is kept at hand, so that it is not looked up again as long as it is there. */
export class Held<S> {
  readonly key: string;
  entry: Entry<S> | undefined;

  constructor(key: string) {
    this.key = cutKey(key);
  }
}

/** Event time within which touching a thing again does not move it. */
const touchUs = 600e6;
const entryBytes = 120;

/**
 * What a detector remembers, by key: bounded in number here and in bytes by what all tables share. The one touched
 * longest ago goes first, by event time and order of events alone, so that the same events leave the same state.
 * Sizes are measured again when a thing is touched, and at every use whose number is a power of two.
 */
export class EntityTable<S extends Plain> implements ShrinkableTable {
  readonly name: string;
  readonly #most: number;
  readonly #memory: DetectorMemory;
  #entries = new Map<string, Entry<S>>();
  #bytes = 0;
  #evicted = 0;

  constructor(name: string, memory: DetectorMemory, most: number = detectorBounds.entities) {
    this.name = name;
    this.#most = most;
    this.#memory = memory;
    memory.add(this);
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get stats(): TableStats {
    return { name: this.name, entities: this.#entries.size, bytes: this.#bytes, evicted: this.#evicted };
  }

  /** What is known of the key, which counts as a use at that event time. */
  find(key: string, time: number): S | undefined {
    const cut = cutKey(key);
    const entry = this.#entries.get(cut);
    if (entry === undefined) return undefined;
    // Room may be made for what it grew by.
    const { state } = entry;
    this.#use(cut, entry, time);
    return state;
  }

  /** As `obtain`, for a key that comes again and again. */
  hold(held: Held<S>, time: number, make: (time: number) => S): S {
    const { entry } = held;
    const known = entry?.state;
    if (known !== undefined) {
      this.#use(held.key, entry!, time);
      return known;
    }
    const state = this.obtain(held.key, time, () => make(time));
    held.entry = this.#entries.get(held.key);
    return state;
  }

  /** What is known of the key; made where nothing is. The state is one object that the caller changes. */
  obtain(key: string, time: number, make: () => S): S {
    const known = this.find(key, time);
    if (known !== undefined) return known;
    const state = make();
    this.put(key, time, state);
    return state;
  }

  put(key: string, time: number, state: S): void {
    const cut = cutKey(key);
    this.forget(cut);
    while (this.#entries.size >= this.#most) this.evictOldest();
    const bytes = entryBytes + cut.length + bytesOf(state);
    this.#entries.set(cut, { state, touchedAt: time, uses: 1, bytes });
    this.#resized(bytes);
  }

  forget(key: string): void {
    const cut = cutKey(key);
    const entry = this.#entries.get(cut);
    if (entry === undefined) return;
    this.#entries.delete(cut);
    entry.state = undefined;
    this.#resized(-entry.bytes);
  }

  evictOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest === undefined) return;
    this.#evicted++;
    this.forget(oldest);
  }

  /** All of them, those touched longest ago first. Uses nothing. */
  *[Symbol.iterator](): IterableIterator<readonly [key: string, state: S]> {
    for (const [key, { state }] of this.#entries) yield [key, state!];
  }

  save(): Plain {
    return [...this.#entries].map(([key, { state, touchedAt, uses }]) => [key, touchedAt, uses, state!]);
  }

  load(saved: Plain): void {
    for (const [key, touchedAt, uses, state] of saved as readonly (readonly [string, number, number, S])[]) {
      this.put(key, touchedAt, state);
      const entry = this.#entries.get(key);
      if (entry !== undefined) entry.uses = uses;
    }
  }

  #use(key: string, entry: Entry<S>, time: number): void {
    entry.uses++;
    const isOld = time - entry.touchedAt > touchUs;
    if (isOld) {
      entry.touchedAt = time;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    if (!isOld && (entry.uses & (entry.uses - 1)) !== 0) return;
    const bytes = entryBytes + key.length + bytesOf(entry.state);
    const more = bytes - entry.bytes;
    entry.bytes = bytes;
    if (more !== 0) this.#resized(more);
  }

  #resized(more: number): void {
    this.#bytes += more;
    this.#memory.grew(more);
  }
}

function cutKey(key: string): string {
  return key.length > detectorBounds.keyLength ? key.slice(0, detectorBounds.keyLength) : key;
}
