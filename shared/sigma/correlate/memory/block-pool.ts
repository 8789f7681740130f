import { type Budget, grownCapacity, scantCapacity } from './budget.ts';

/**
 * Runs of records in one buffer. A run has room for a power of two of them; freed runs are given out again, whole or
 * halved.
 */
export class BlockPool {
  /** Doubles a record takes. */
  readonly stride: number;
  doubles = new Float64Array(0);
  words = new Int32Array(0);
  readonly #budget: Budget;
  #capacity = 0;
  #end = 0;
  /** By exponent: the first free run, whose first word links to the next. */
  readonly #freed = new Int32Array(32).fill(-1);
  #freedRecords = 0;

  constructor(stride: number, budget: Budget) {
    this.stride = stride;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.doubles.byteLength;
  }

  hasRoom(): boolean {
    const spare = this.#capacity - this.#end + this.#freedRecords;
    if (this.#capacity > 0 && spare >= Math.max(8, this.#capacity >> 4)) return true;
    const more = grownCapacity(this.#capacity, 0) - this.#capacity;
    return this.#budget.allows(this.bytes, more * this.stride * 8);
  }

  /** First record of a run of `2 ** exponent`. */
  take(exponent: number): number {
    let size = exponent;
    while (size < this.#freed.length && this.#freed[size]! < 0) size++;
    if (size < this.#freed.length) return this.#takeFreed(size, exponent);
    const run = this.#end;
    this.#end += 2 ** exponent;
    if (this.#end > this.#capacity) this.#grow();
    return run;
  }

  /** A freed run of `2 ** size`, what is not asked for given back. */
  #takeFreed(size: number, exponent: number): number {
    const run = this.#freed[size]!;
    this.#freed[size] = this.words[run * this.stride * 2]!;
    this.#freedRecords -= 2 ** size;
    for (let half = size - 1; half >= exponent; half--) this.give(run + 2 ** half, half);
    return run;
  }

  give(run: number, exponent: number): void {
    this.words[run * this.stride * 2] = this.#freed[exponent]!;
    this.#freed[exponent] = run;
    this.#freedRecords += 2 ** exponent;
  }

  #grow(): void {
    const wanted = grownCapacity(this.#capacity, this.#end);
    const isAllowed = this.#budget.allows(this.bytes, (wanted - this.#capacity) * this.stride * 8);
    this.#capacity = isAllowed ? wanted : scantCapacity(this.#capacity, this.#end);
    const doubles = new Float64Array(this.#capacity * this.stride);
    doubles.set(this.doubles);
    this.#budget.note(doubles.byteLength - this.doubles.byteLength);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
  }
}
