import type { ColumnarEvents } from '../../schema/columns.ts';
import type { Value } from '../value.ts';
import { ValueOverrun } from '../value-tests/test.ts';
import { agree } from './comparison.ts';
import type { Hits } from './hits.ts';
import { RowValues } from './row-values.ts';
import type { Slot } from './slots.ts';

/**
 * The row under evaluation. What an index found is stamped with the epoch of the row; what no index looks for is
 * asked of the row's values when a condition needs it, once. One frame serves all rules of a plan.
 */
export class Frame {
  readonly #slots: readonly Slot[];
  /** By slot: the epoch in which it was found to hold, not to hold, or possibly to. */
  readonly #yes: Uint32Array;
  readonly #no: Uint32Array;
  readonly #open: Uint32Array;
  readonly #openHits: (Hits | undefined)[];
  readonly #openAt: Int32Array;
  /** By slot: 1 when an index looks for it, so that what was not found does not hold. */
  readonly indexed: Uint8Array;
  #epoch = 0;
  #row = 0;
  readonly #values = new RowValues();
  readonly #clearers: (() => void)[] = [];
  /** A test of a slot took too much of a value; it counts as not holding. */
  readonly #onOverrun: (slot: number, error: ValueOverrun) => void;

  constructor(slots: readonly Slot[], onOverrun: (slot: number, error: ValueOverrun) => void) {
    this.#slots = slots;
    this.#onOverrun = onOverrun;
    this.#yes = new Uint32Array(slots.length);
    this.#no = new Uint32Array(slots.length);
    this.#open = new Uint32Array(slots.length);
    this.#openHits = new Array<Hits | undefined>(slots.length).fill(undefined);
    this.#openAt = new Int32Array(slots.length);
    this.indexed = new Uint8Array(slots.length);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The batch whose rows follow; null when done, so that nothing of it is held. */
  open(events: ColumnarEvents | null): void {
    this.#values.open(events);
  }

  /** Calls `clear` when the epochs begin anew, so that stamps kept elsewhere can be cleared. */
  onEpochsAnew(clear: () => void): void {
    this.#clearers.push(clear);
  }

  begin(row: number): void {
    this.#row = row;
    if (++this.#epoch < 0xffff_ffff) return;
    for (const stamps of [this.#yes, this.#no, this.#open]) stamps.fill(0);
    for (const clear of this.#clearers) clear();
    this.#epoch = 1;
  }

  /** Takes what is known of one value of the row. */
  stamp(hits: Hits): void {
    const epoch = this.#epoch;
    for (const slot of hits.slots) this.#yes[slot] = epoch;
    for (let i = 0; i < hits.open.length; i++) {
      const slot = hits.open[i]!;
      if (this.#open[slot] === epoch) {
        // Another value of the row is open for this slot already (lists, keywords): settle this one now.
        if (hits.holds(i)) this.#yes[slot] = epoch;
        continue;
      }
      this.#open[slot] = epoch;
      this.#openHits[slot] = hits;
      this.#openAt[slot] = i;
    }
  }

  holds(slot: number): boolean {
    const epoch = this.#epoch;
    if (this.#yes[slot] === epoch) return true;
    if (this.#no[slot] === epoch) return false;
    if (this.#open[slot] === epoch) return this.#openHits[slot]!.holds(this.#openAt[slot]!);
    if (this.indexed[slot] === 1) return false;
    const holds = this.#ask(slot);
    (holds ? this.#yes : this.#no)[slot] = epoch;
    return holds;
  }

  /** The values of a column in the row. */
  valuesOf(column: string): readonly Value[] {
    return this.#values.at(column, this.#row);
  }

  /** Keywords are always indexed, so that a column is known here. */
  #ask(id: number): boolean {
    const slot = this.#slots[id]!;
    if (slot.column === null) return false;
    if (slot.kind === 'test' && slot.predicate.test.hint.by === 'existence')
      return this.#values.has(slot.column, this.#row);
    const values = this.valuesOf(slot.column);
    if (slot.kind === 'comparison') return agree(values, this.valuesOf(slot.other), slot.comparison);
    const { test } = slot.predicate;
    return values.some((value) => {
      try {
        return test.holds(value);
      } catch (error) {
        if (!(error instanceof ValueOverrun)) throw error;
        this.#onOverrun(id, error);
        return false;
      }
    });
  }
}
