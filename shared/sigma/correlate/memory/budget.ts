import { correlationBounds } from '../bounds.ts';

/** Bytes shared by all pools of an engine. */
export class Budget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether a pool that holds `held` bytes may grow by `more`. */
  allows(held: number, more: number): boolean {
    return held + more <= correlationBounds.floorBytes || this.#used + more <= this.limit;
  }

  /** Notes bytes taken, or given back where negative. */
  note(bytes: number): void {
    this.#used += bytes;
  }
}

/** Capacity that holds `least` when the budget is used up and only pieces of other sizes are free: a little more. */
export function scantCapacity(capacity: number, least: number): number {
  return Math.max(16, capacity + (capacity >> 5), least);
}

/** Capacity after growing: doubled while small, a quarter more once that would waste much. */
export function grownCapacity(capacity: number, least: number): number {
  const next = capacity < 65_536 ? capacity * 2 : Math.floor(capacity * 1.25);
  return Math.max(16, next, least);
}
