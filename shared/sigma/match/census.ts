import { type ColumnHits, countValues } from './column-hits.ts';

/** Rows counted before wakers are chosen anew, for the first time, and how much longer each time after that. */
const firstAfter = 1_000;
const growth = 4;
/** Once the first choice is made, one batch in this many is counted. */
const counted = 8;

/** How often each slot is seen in the rows, so that rules wait for what is rare here and not for what is rare in general. */
export class Census {
  readonly #seen: Float64Array;
  #rows = 0;
  #dueAt = firstAfter;
  #batches = 0;

  constructor(slots: number) {
    this.#seen = new Float64Array(slots);
  }

  /** Counts a batch, or passes over it. True when enough was counted that choosing anew is due. */
  take(columns: readonly ColumnHits[], rows: number): boolean {
    if (this.#batches++ % counted !== 0 && this.#rows >= firstAfter) return false;
    for (const column of columns) this.#count(column, rows);
    this.#rows += rows;
    if (this.#rows < this.#dueAt) return false;
    this.#dueAt *= growth;
    return true;
  }

  /** Share of rows, from 0 to 1; for lists it may be more. */
  frequencyOf(slot: number): number {
    return this.#rows === 0 ? 0 : this.#seen[slot]! / this.#rows;
  }

  #count(column: ColumnHits, rows: number): void {
    const counts = countValues(column, rows);
    column.found.forEach((hits, k) => {
      if (hits === null || counts[k] === 0) return;
      for (const slot of hits.slots) this.#seen[slot]! += counts[k]!;
      for (const slot of hits.open) this.#seen[slot]! += counts[k]!;
    });
  }
}
