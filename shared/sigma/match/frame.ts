import type { Column, ColumnarEvents } from '../../schema/columns.ts';
import type { Predicate } from '../compile/predicate.ts';
import { fold } from '../fold.ts';
import { numberText } from './column-hits.ts';
import type { Hits } from './hits.ts';

/** A test on a column; null for any column of text. Equal ones are one slot over all rules. */
export interface Slot {
  readonly column: string | null;
  readonly predicate: Predicate;
}

/**
 * The row under evaluation. What an index found is stamped with the epoch of the row; what no index looks for is
 * asked of the row's value when a condition needs it. One frame serves all rules of a plan.
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
  #events: ColumnarEvents | null = null;
  /** Folded values of the batch by column, in the order of its dictionary. */
  readonly #folded = new Map<Column, (string | undefined)[]>();

  constructor(slots: readonly Slot[]) {
    this.#slots = slots;
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

  get events(): ColumnarEvents | null {
    return this.#events;
  }

  get row(): number {
    return this.#row;
  }

  /** The batch whose rows follow; null when done, so that nothing of it is held. */
  open(events: ColumnarEvents | null): void {
    this.#events = events;
    this.#folded.clear();
  }

  /** Begins a row; gives whether the epochs began anew, so that stamps kept elsewhere must be cleared. */
  begin(row: number): boolean {
    this.#row = row;
    if (++this.#epoch < 0xffff_ffff) return false;
    for (const stamps of [this.#yes, this.#no, this.#open]) stamps.fill(0);
    this.#epoch = 1;
    return true;
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

  /** Puts the test to the values of its column in the row. Keywords are always indexed. */
  #ask(slot: number): boolean {
    const { column: name, predicate } = this.#slots[slot]!;
    const column = name === null ? undefined : this.#events?.columns.get(name);
    if (column === undefined) return false;
    const { test } = predicate;
    const row = this.#row;
    switch (column.kind) {
      case 'string':
        return this.#askEntry(column, column.index[row]!, predicate);
      case 'list':
        for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++)
          if (this.#askEntry(column, column.index[i]!, predicate)) return true;
        return false;
      case 'number': {
        if (column.present !== null && column.present[row] !== 1) return false;
        const text = numberText(column.values[row]!);
        return test.holds(text, fold(text));
      }
      case 'bool': {
        const value = column.values[row]!;
        if (value === 0) return false;
        const text = value === 2 ? 'true' : 'false';
        return test.holds(text, text);
      }
    }
  }

  #askEntry(column: Column & { kind: 'string' | 'list' }, k: number, { test }: Predicate): boolean {
    if (k === 0) return false;
    const value = column.dictionary[k - 1]!;
    let folded = this.#folded.get(column);
    if (folded === undefined) {
      folded = [];
      this.#folded.set(column, folded);
    }
    folded[k] ??= fold(value);
    return test.holds(value, folded[k]);
  }
}
