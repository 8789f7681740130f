import type { Budget } from './budget.ts';

/** Finds records by a pair of numbers. Records hold the pair and the link; the index holds where chains begin. */
export interface PairRecords {
  first(record: number): number;
  second(record: number): number;
  next(record: number): number;
  setNext(record: number, next: number): void;
}

export class PairIndex {
  readonly #records: PairRecords;
  readonly #budget: Budget;
  #heads = new Int32Array(16).fill(-1);
  #size = 0;

  constructor(records: PairRecords, budget: Budget) {
    this.#records = records;
    this.#budget = budget;
    budget.note(this.#heads.byteLength);
  }

  get bytes(): number {
    return this.#heads.byteLength;
  }

  /** The record of a pair; -1 where there is none. */
  find(first: number, second: number): number {
    const records = this.#records;
    let record = this.#heads[hashOf(first, second) & (this.#heads.length - 1)]!;
    while (record >= 0 && (records.first(record) !== first || records.second(record) !== second))
      record = records.next(record);
    return record;
  }

  add(record: number): void {
    if (this.#size++ >= this.#heads.length) this.#rehash();
    this.#link(record, this.#heads);
  }

  remove(record: number): void {
    const records = this.#records;
    const head = hashOf(records.first(record), records.second(record)) & (this.#heads.length - 1);
    this.#size--;
    let before = this.#heads[head]!;
    if (before === record) {
      this.#heads[head] = records.next(record);
      return;
    }
    while (records.next(before) !== record) before = records.next(before);
    records.setNext(before, records.next(record));
  }

  #link(record: number, heads: Int32Array): void {
    const head = hashOf(this.#records.first(record), this.#records.second(record)) & (heads.length - 1);
    this.#records.setNext(record, heads[head]!);
    heads[head] = record;
  }

  #rehash(): void {
    const heads = new Int32Array(this.#heads.length * 2).fill(-1);
    for (let record of this.#heads) {
      while (record >= 0) {
        const next = this.#records.next(record);
        this.#link(record, heads);
        record = next;
      }
    }
    this.#budget.note(heads.byteLength - this.#heads.byteLength);
    this.#heads = heads;
  }
}

function hashOf(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e37_79b1) ^ Math.imul(second + 1, 0x85eb_ca77);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
