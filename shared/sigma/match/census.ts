import { type ColumnHits, countValues } from './column-hits.ts';

/** Rows that say enough about a slot. */
const enough = 500;
/** Rows that the past weighs, so that what was long ago does not hide what is now. */
const horizon = 200_000;

/** How often each slot is seen in the rows. Only slots that an index looks for can be counted. */
export class Census {
  readonly #seen: Float64Array;
  /** By slot: rows counted while it was looked for. */
  readonly #rows: Float64Array;
  #rowsSince = 0;

  constructor(slots: number) {
    this.#seen = new Float64Array(slots);
    this.#rows = new Float64Array(slots);
  }

  count(columns: readonly ColumnHits[], rows: number): void {
    this.#rowsSince += rows;
    for (const column of columns) {
      const counts = countValues(column, rows);
      column.found.forEach((hits, k) => {
        if (hits === null || counts[k] === 0) return;
        for (const slot of hits.slots) this.#seen[slot]! += counts[k]!;
        for (const slot of hits.open) this.#seen[slot]! += counts[k]!;
      });
    }
  }

  /** Closes a stretch during which `indexed` were looked for. */
  close(indexed: Uint8Array): void {
    for (let slot = 0; slot < indexed.length; slot++) {
      if (indexed[slot] !== 1) continue;
      const rows = this.#rows[slot]! + this.#rowsSince;
      const weight = Math.min(1, horizon / rows);
      this.#rows[slot] = rows * weight;
      this.#seen[slot]! *= weight;
    }
    this.#rowsSince = 0;
  }

  /** Share of rows, over the stretches that were closed; undefined when too few are known. For lists it may exceed 1. */
  frequencyOf(slot: number): number | undefined {
    const rows = this.#rows[slot]!;
    return rows < enough ? undefined : this.#seen[slot]! / rows;
  }
}
