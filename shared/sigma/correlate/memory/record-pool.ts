import { type Budget, grownCapacity } from './budget.ts';

/**
 * Records of equal size in one buffer, seen as doubles and as 32-bit words: no object per record, nothing for the
 * garbage collector to follow. A record's first word links it among the free ones.
 */
export class RecordPool {
  /** Doubles a record takes; twice as many words. */
  readonly stride: number;
  doubles = new Float64Array(0);
  words = new Int32Array(0);
  readonly #budget: Budget;
  #capacity = 0;
  #next = 0;
  #free = -1;

  constructor(stride: number, budget: Budget) {
    this.stride = stride;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.doubles.byteLength;
  }

  /** Slots ever given out; each below it is live or free. */
  get extent(): number {
    return this.#next;
  }

  /** The slot that `take` gives next. */
  get upcoming(): number {
    return this.#free >= 0 ? this.#free : this.#next;
  }

  /** Whether a record can be taken, or made to exist at `slot`, within the budget. */
  hasRoom(slot: number = this.upcoming): boolean {
    if (slot < this.#capacity) return true;
    const more = (grownCapacity(this.#capacity, 0) - this.#capacity) * this.stride * 8;
    return this.#budget.allows(this.bytes, more);
  }

  /** A slot whose record is all zero. */
  take(): number {
    const slot = this.#free;
    if (slot < 0) {
      this.reach(this.#next);
      return this.#next - 1;
    }
    this.#free = this.words[slot * this.stride * 2]!;
    this.doubles.fill(0, slot * this.stride, (slot + 1) * this.stride);
    return slot;
  }

  give(slot: number): void {
    this.words[slot * this.stride * 2] = this.#free;
    this.#free = slot;
  }

  /** Makes records up to `slot` exist, for pools whose slots another pool gives out. */
  reach(slot: number): void {
    if (slot >= this.#capacity) this.#grow(slot + 1);
    if (slot >= this.#next) this.#next = slot + 1;
  }

  #grow(least: number): void {
    const capacity = grownCapacity(this.#capacity, least);
    const doubles = new Float64Array(capacity * this.stride);
    doubles.set(this.doubles);
    this.#budget.note(doubles.byteLength - this.doubles.byteLength);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
    this.#capacity = capacity;
  }
}
