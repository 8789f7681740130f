import type { BoolColumn, Column, ListColumn, NumberColumn, StringColumn } from '#shared/schema/columns.ts';

/** A column of a row group while its rows arrive. Rows that a batch lacks are absent. */
export type Gathered = GatheredStrings | GatheredNumbers | GatheredBools | GatheredLists;

/** Makes what gathers columns of this kind, for up to `capacity` rows. */
export function gatheredFor(kind: Column['kind'], capacity: number, dictionary: Dictionary): Gathered {
  switch (kind) {
    case 'string':
      return new GatheredStrings(capacity, dictionary);
    case 'number':
      return new GatheredNumbers(capacity);
    case 'bool':
      return new GatheredBools(capacity);
    case 'list':
      return new GatheredLists(capacity, dictionary);
  }
}

/** Over all batches: rows are not looked up in it, but renumbered by the dictionary of their batch. */
export abstract class Dictionary {
  /** Entries in the order of their numbers, which begin at 1. */
  abstract readonly entries: readonly string[];
  /** Characters of all entries. */
  characters = 0;

  abstract numberOf(entry: string): number;

  /** The number of each entry of a batch's dictionary, by its number there; 0 stays 0. */
  renumber(dictionary: readonly string[]): Uint32Array {
    const numbers = new Uint32Array(dictionary.length + 1);
    for (let i = 0; i < dictionary.length; i++) numbers[i + 1] = this.numberOf(dictionary[i] as string);
    return numbers;
  }
}

/** One batch's entries after another's. */
export class JoinedDictionary extends Dictionary {
  readonly entries: string[] = [];

  numberOf(entry: string): number {
    this.characters += entry.length;
    return this.entries.push(entry);
  }
}

/** Every entry once. */
export class DistinctDictionary extends Dictionary {
  readonly #ids = new Map<string, number>();

  get entries(): readonly string[] {
    return [...this.#ids.keys()];
  }

  numberOf(entry: string): number {
    let number = this.#ids.get(entry);
    if (number === undefined) {
      number = this.#ids.size + 1;
      this.#ids.set(entry, number);
      this.characters += entry.length;
    }
    return number;
  }
}

export class GatheredStrings {
  readonly kind = 'string';
  readonly dictionary: Dictionary;
  /** By row: the number of its entry, 0 where it has none. */
  readonly rows: Uint32Array;

  constructor(capacity: number, dictionary: Dictionary) {
    this.dictionary = dictionary;
    this.rows = new Uint32Array(capacity);
  }

  add(at: number, count: number, column: StringColumn): void {
    const numbers = this.dictionary.renumber(column.dictionary);
    const { index } = column;
    for (let i = 0; i < count; i++) this.rows[at + i] = numbers[index[i] as number] as number;
  }

  /** The same for all rows of a batch. */
  addOne(at: number, count: number, value: string): void {
    this.rows.fill(this.dictionary.numberOf(value), at, at + count);
  }
}

export class GatheredNumbers {
  readonly kind = 'number';
  readonly values: Float64Array;
  readonly present: Uint8Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
    this.present = new Uint8Array(capacity);
  }

  add(at: number, count: number, column: NumberColumn): void {
    this.values.set(column.values.subarray(0, count), at);
    if (column.present === null) this.present.fill(1, at, at + count);
    else this.present.set(column.present.subarray(0, count), at);
  }

  /** Counting up from `first` by row. */
  addCount(at: number, count: number, first: number): void {
    for (let i = 0; i < count; i++) this.values[at + i] = first + i;
    this.present.fill(1, at, at + count);
  }

  addOne(at: number, count: number, value: number): void {
    this.values.fill(value, at, at + count);
    this.present.fill(1, at, at + count);
  }
}

export class GatheredBools {
  readonly kind = 'bool';
  /** 0 absent, 1 false, 2 true. */
  readonly rows: Uint8Array;

  constructor(capacity: number) {
    this.rows = new Uint8Array(capacity);
  }

  add(at: number, count: number, column: BoolColumn): void {
    this.rows.set(column.values.subarray(0, count), at);
  }
}

export class GatheredLists {
  readonly kind = 'list';
  readonly dictionary: Dictionary;
  /** By row: where its entries begin, and how many there are; -1 where it has no list. */
  readonly starts: Uint32Array;
  readonly lengths: Int32Array;
  #entries = new Uint32Array(1024);
  #used = 0;

  constructor(capacity: number, dictionary: Dictionary) {
    this.dictionary = dictionary;
    this.starts = new Uint32Array(capacity);
    this.lengths = new Int32Array(capacity).fill(-1);
  }

  /** Numbers of the entries of all rows. */
  get entries(): Uint32Array {
    return this.#entries;
  }

  add(at: number, count: number, column: ListColumn): void {
    const numbers = this.dictionary.renumber(column.dictionary);
    const { offsets, index, present } = column;
    const total = offsets[count] as number;
    if (this.#used + total > this.#entries.length) {
      const larger = new Uint32Array(Math.max(this.#entries.length * 2, this.#used + total));
      larger.set(this.#entries);
      this.#entries = larger;
    }
    for (let i = 0; i < total; i++) this.#entries[this.#used + i] = numbers[index[i] as number] as number;
    for (let i = 0; i < count; i++) {
      if (present[i] !== 1) continue;
      this.starts[at + i] = this.#used + (offsets[i] as number);
      this.lengths[at + i] = (offsets[i + 1] as number) - (offsets[i] as number);
    }
    this.#used += total;
  }
}
