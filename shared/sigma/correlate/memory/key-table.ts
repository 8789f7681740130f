import { type Budget, grownCapacity, scantCapacity } from './budget.ts';
import type { KeyBuffer } from './key-buffer.ts';
import { RecordPool } from './record-pool.ts';

/** Words of a record. Bytes of a key lie in the arena at `offset`. */
const field = { chain: 0, offset: 1, form: 2, hash: 3, holders: 4 } as const;
const words = 6;
/** Keys take blocks of whole multiples of this many bytes; freed blocks are reused by keys of the same size. */
const blockBytes = 8;

/** Distinct keys, each with a slot of its own while someone holds it. Bytes and records in typed arrays. */
export class KeyTable {
  readonly #records: RecordPool;
  readonly #budget: Budget;
  #heads = new Int32Array(16).fill(-1);
  #arena = new Uint8Array(0);
  #end = 0;
  /** By number of blocks: the first free piece of the arena, whose first four bytes link to the next. */
  readonly #freed: number[] = [];
  #freedBytes = 0;
  #size = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#records = new RecordPool(words / 2, budget);
    budget.note(this.#heads.byteLength);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#records.bytes + this.#heads.byteLength + this.#arena.length;
  }

  /** One more than the highest slot in use so far. */
  get extent(): number {
    return this.#records.extent;
  }

  /** The slot that the next key gets. */
  get upcoming(): number {
    return this.#records.upcoming;
  }

  hasRoom(): boolean {
    if (!this.#records.hasRoom()) return false;
    const { length } = this.#arena;
    if (length - this.#end >= 1_024 || this.#freedBytes >= Math.max(1_024, length >> 4)) return true;
    return this.#budget.allows(length, grownCapacity(length, 4_096) - length);
  }

  /** The slot of a key; -1 where nobody holds it. */
  find(key: KeyBuffer): number {
    const { words: w } = this.#records;
    let slot = this.#heads[key.hash & (this.#heads.length - 1)]!;
    while (slot >= 0) {
      const at = slot * words;
      if (w[at + field.hash] === key.hash && this.#equals(w[at + field.offset]!, w[at + field.form]!, key))
        return slot;
      slot = w[at + field.chain]!;
    }
    return -1;
  }

  /** Adds a key that is not there, with one holder. */
  add(key: KeyBuffer): number {
    if (this.#size >= this.#heads.length) this.#rehash();
    const slot = this.#records.take();
    const length = key.isWide ? key.length * 2 : key.length;
    const offset = this.#allocate(length);
    this.#write(offset, key);
    const head = key.hash & (this.#heads.length - 1);
    const { words: w } = this.#records;
    const at = slot * words;
    w[at + field.chain] = this.#heads[head]!;
    w[at + field.offset] = offset;
    w[at + field.form] = (length << 1) | (key.isWide ? 1 : 0);
    w[at + field.hash] = key.hash;
    w[at + field.holders] = 1;
    this.#heads[head] = slot;
    this.#size++;
    return slot;
  }

  hold(slot: number): void {
    this.#records.words[slot * words + field.holders]!++;
  }

  /** Lets go of a key; without holders it leaves. */
  release(slot: number): void {
    const { words: w } = this.#records;
    const at = slot * words;
    if (--w[at + field.holders]! > 0) return;
    const head = w[at + field.hash]! & (this.#heads.length - 1);
    if (this.#heads[head] === slot) this.#heads[head] = w[at + field.chain]!;
    else {
      let before = this.#heads[head]!;
      while (w[before * words + field.chain] !== slot) before = w[before * words + field.chain]!;
      w[before * words + field.chain] = w[at + field.chain]!;
    }
    this.#free(w[at + field.offset]!, w[at + field.form]! >> 1);
    this.#records.give(slot);
    this.#size--;
  }

  isLive(slot: number): boolean {
    return this.#records.words[slot * words + field.holders]! > 0;
  }

  /** The bytes of a key, as `KeyBuffer.load` takes them; valid until the table changes. */
  bytesOf(slot: number): { readonly bytes: Uint8Array; readonly isWide: boolean } {
    const at = slot * words;
    const offset = this.#records.words[at + field.offset]!;
    const form = this.#records.words[at + field.form]!;
    return { bytes: this.#arena.subarray(offset, offset + (form >> 1)), isWide: (form & 1) === 1 };
  }

  #equals(offset: number, form: number, key: KeyBuffer): boolean {
    const { units, length, isWide } = key;
    const arena = this.#arena;
    if (form !== (((isWide ? length * 2 : length) << 1) | (isWide ? 1 : 0))) return false;
    if (isWide) {
      for (let i = 0, at = offset; i < length; i++, at += 2)
        if ((arena[at]! | (arena[at + 1]! << 8)) !== units[i]) return false;
      return true;
    }
    for (let i = 0; i < length; i++) if (arena[offset + i] !== units[i]) return false;
    return true;
  }

  #write(offset: number, { units, length, isWide }: KeyBuffer): void {
    const arena = this.#arena;
    for (let i = 0; i < length; i++) {
      if (!isWide) arena[offset + i] = units[i]!;
      else {
        arena[offset + 2 * i] = units[i]! & 0xff;
        arena[offset + 2 * i + 1] = units[i]! >> 8;
      }
    }
  }

  #allocate(length: number): number {
    const blocks = Math.max(1, Math.ceil(length / blockBytes));
    const freed = this.#freed[blocks] ?? -1;
    if (freed >= 0) {
      this.#freed[blocks] = readLink(this.#arena, freed);
      this.#freedBytes -= blocks * blockBytes;
      return freed;
    }
    const offset = this.#end;
    this.#end += blocks * blockBytes;
    if (this.#end > this.#arena.length) {
      const { length: held } = this.#arena;
      const wanted = grownCapacity(held, Math.max(this.#end, 4_096));
      const isAllowed = this.#budget.allows(held, wanted - held);
      const arena = new Uint8Array(isAllowed ? wanted : scantCapacity(held, this.#end));
      arena.set(this.#arena);
      this.#budget.note(arena.length - this.#arena.length);
      this.#arena = arena;
    }
    return offset;
  }

  #free(offset: number, length: number): void {
    const blocks = Math.max(1, Math.ceil(length / blockBytes));
    writeLink(this.#arena, offset, this.#freed[blocks] ?? -1);
    this.#freed[blocks] = offset;
    this.#freedBytes += blocks * blockBytes;
  }

  #rehash(): void {
    const old = this.#heads;
    const heads = new Int32Array(old.length * 2).fill(-1);
    const { words: w } = this.#records;
    for (let slot of old) {
      while (slot >= 0) {
        const at = slot * words;
        const next = w[at + field.chain]!;
        const head = w[at + field.hash]! & (heads.length - 1);
        w[at + field.chain] = heads[head]!;
        heads[head] = slot;
        slot = next;
      }
    }
    this.#budget.note(heads.byteLength - old.byteLength);
    this.#heads = heads;
  }
}

function readLink(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeLink(bytes: Uint8Array, at: number, link: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (link >> (8 * i)) & 0xff;
}
