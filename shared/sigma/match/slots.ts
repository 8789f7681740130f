import type { FieldComparison, Predicate } from '../compile/predicate.ts';
import type { SlotNumbers } from './bind.ts';

/** A question conditions ask of a row. */
export type Slot =
  /** A test on a column; null for any column of text. */
  | { readonly kind: 'test'; readonly column: string | null; readonly predicate: Predicate }
  | {
      readonly kind: 'comparison';
      readonly column: string;
      readonly other: string;
      readonly comparison: FieldComparison;
    };

/** The slots of a plan: equal questions of any rules are one. */
export class Slots implements SlotNumbers {
  readonly list: Slot[] = [];
  readonly #ids = new Map<string, number>();

  ofTest(column: string | null, predicate: Predicate): number {
    return this.#idOf(`${column ?? ''}\0${predicate.test.key}`, { kind: 'test', column, predicate });
  }

  ofComparison(column: string, other: string, comparison: FieldComparison): number {
    const { before, after, cased } = comparison;
    const key = `${column}\0\0${other}\0${before} ${after} ${cased}`;
    return this.#idOf(key, { kind: 'comparison', column, other, comparison });
  }

  #idOf(key: string, slot: Slot): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.list.push(slot) - 1;
    this.#ids.set(key, id);
    return id;
  }
}
