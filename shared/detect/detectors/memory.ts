import { detectorBounds } from './bounds.ts';
import type { DetectorMemory, ShrinkableTable } from './contract.ts';

/** Bytes that the tables of all detectors share. Where they take more, the largest table gives, its oldest first. */
export class SharedMemory implements DetectorMemory {
  readonly #most: number;
  readonly #tables: ShrinkableTable[] = [];
  #used = 0;
  #isShrinking = false;

  constructor(most: number = detectorBounds.memoryBytes) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  add(table: ShrinkableTable): void {
    this.#tables.push(table);
  }

  grew(bytes: number): void {
    this.#used += bytes;
    if (this.#isShrinking) return;
    this.#isShrinking = true;
    while (this.#used > this.#most) {
      const largest = this.#tables.reduce((a, b) => (b.bytes > a.bytes ? b : a));
      // The only thing left of the largest table is the one at hand.
      if (largest.size <= 1) break;
      largest.evictOldest();
    }
    this.#isShrinking = false;
  }
}
