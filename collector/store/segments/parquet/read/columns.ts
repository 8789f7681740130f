/** Columns of a row group as detection takes them; each part is read when it is first asked for. */
import type { BoolColumn, Column, ListColumn, NumberColumn, StringColumn } from '#shared/schema/columns.ts';
import type { Key } from '../../../../encryption/key-ring.ts';
import type { ColumnForm } from '../file.ts';
import { Chunk, type DataPart } from './chunk.ts';
import type { ChunkPlace } from './row-groups.ts';
import { stringsOf, type Texts } from './values.ts';

/** A column of `rows` rows. What the pages hold is checked as it is read; then this throws. */
export function storedColumn(
  fd: number,
  place: ChunkPlace,
  key: Key | undefined,
  form: ColumnForm,
  rows: number,
): Column {
  const chunk = new Chunk(fd, place, key);
  switch (form) {
    case 'string':
      return new StoredStrings(chunk, rows);
    case 'strings':
      return new StoredLists(chunk, rows);
    case 'bool':
      return new StoredBools(chunk, rows);
    default:
      return new StoredNumbers(chunk, rows);
  }
}

/** Entries of texts, where pages without a dictionary add theirs to those of the dictionary page. */
class Entries {
  readonly list: string[];
  #numbers: Map<string, number> | undefined;

  constructor(dictionary: readonly string[]) {
    this.list = [...dictionary];
  }

  /** The number, counted from 1, of each text. */
  add(texts: readonly string[]): Uint32Array {
    this.#numbers ??= new Map(this.list.map((text, i) => [text, i + 1]));
    const numbers = this.#numbers;
    return Uint32Array.from(texts, (text) => {
      let number = numbers.get(text);
      if (number === undefined) {
        number = this.list.push(text);
        numbers.set(text, number);
      }
      return number;
    });
  }
}

/** Of every defined value of the pages the number of its entry, and all entries. */
function textsOf(parts: readonly DataPart[], dictionary: readonly string[]) {
  if (parts.every(({ values }) => 'entries' in values))
    return {
      dictionary,
      numbers: parts.map(({ values }) => numbersWithin(values as EntryNumbers, dictionary)),
    };
  const entries = new Entries(dictionary);
  const numbers = parts.map(({ values }) =>
    'entries' in values ? numbersWithin(values, dictionary) : entries.add(stringsOf(textual(values.plain))),
  );
  return { dictionary: entries.list, numbers };
}

type EntryNumbers = { readonly entries: Uint32Array };

function numbersWithin({ entries }: EntryNumbers, dictionary: readonly unknown[]): Uint32Array {
  for (const number of entries)
    if (number > dictionary.length) throw new RangeError('a value is not in the dictionary');
  return entries;
}

function textual(plain: Float64Array | Texts): Texts {
  if (plain instanceof Float64Array) throw new Error('a column of texts holds numbers');
  return plain;
}

class StoredTexts {
  protected readonly chunk: Chunk;
  #own: readonly string[] | undefined;

  constructor(chunk: Chunk) {
    this.chunk = chunk;
  }

  /** Of the dictionary page alone. */
  protected get ofPage(): readonly string[] {
    const { dictionary } = this.chunk;
    this.#own ??= dictionary === null ? [] : stringsOf(textual(dictionary));
    return this.#own;
  }
}

class StoredStrings extends StoredTexts implements StringColumn {
  readonly kind = 'string';
  readonly #rows: number;
  #read: { readonly dictionary: readonly string[]; readonly index: Uint32Array } | undefined;

  constructor(chunk: Chunk, rows: number) {
    super(chunk);
    this.#rows = rows;
  }

  get dictionary(): readonly string[] {
    // A writer that gave up on a dictionary in the middle wrote other texts into the pages.
    return this.#read?.dictionary ?? (this.chunk.isDictionaryWhole ? this.ofPage : this.#all.dictionary);
  }

  get index(): Uint32Array {
    return this.#all.index;
  }

  get #all() {
    this.#read ??= this.#readAll();
    return this.#read;
  }

  #readAll() {
    const parts = this.chunk.data();
    const { dictionary, numbers } = textsOf(parts, this.ofPage);
    return { dictionary, index: spread(parts, this.#rows, Uint32Array, (i) => numbers[i] as Uint32Array) };
  }
}

class StoredNumbers implements NumberColumn {
  readonly kind = 'number';
  readonly #chunk: Chunk;
  readonly #rows: number;
  #read: { readonly values: Float64Array; readonly present: Uint8Array | null } | undefined;

  constructor(chunk: Chunk, rows: number) {
    this.#chunk = chunk;
    this.#rows = rows;
  }

  get values(): Float64Array {
    return this.#all.values;
  }

  get present(): Uint8Array | null {
    return this.#all.present;
  }

  get #all() {
    this.#read ??= this.#readAll();
    return this.#read;
  }

  #readAll() {
    const parts = this.#chunk.data();
    const numbers = parts.map((part) => numbersOf(this.#chunk, part));
    const values = spread(parts, this.#rows, Float64Array, (i) => numbers[i] as Float64Array);
    return { values, present: presenceOf(parts, this.#rows) };
  }
}

class StoredBools implements BoolColumn {
  readonly kind = 'bool';
  readonly #chunk: Chunk;
  readonly #rows: number;
  #values: Uint8Array | undefined;

  constructor(chunk: Chunk, rows: number) {
    this.#chunk = chunk;
    this.#rows = rows;
  }

  get values(): Uint8Array {
    this.#values ??= this.#readAll();
    return this.#values;
  }

  #readAll(): Uint8Array {
    const parts = this.#chunk.data();
    const numbers = parts.map((part) => numbersOf(this.#chunk, part).map((value) => value + 1));
    return spread(parts, this.#rows, Uint8Array, (i) => numbers[i] as Float64Array);
  }
}

class StoredLists extends StoredTexts implements ListColumn {
  readonly kind = 'list';
  readonly #rows: number;
  #read: Omit<ListColumn, 'kind'> | undefined;

  constructor(chunk: Chunk, rows: number) {
    super(chunk);
    this.#rows = rows;
  }

  get dictionary(): readonly string[] {
    return this.#read?.dictionary ?? (this.chunk.isDictionaryWhole ? this.ofPage : this.#all.dictionary);
  }

  get offsets(): Uint32Array {
    return this.#all.offsets;
  }

  get index(): Uint8Array | Uint16Array | Uint32Array {
    return this.#all.index;
  }

  get present(): Uint8Array {
    return this.#all.present;
  }

  get #all() {
    this.#read ??= this.#readAll();
    return this.#read;
  }

  /** A level of definition below the greatest is an absent list, an empty one, or an absent entry, which is left out. */
  #readAll(): Omit<ListColumn, 'kind'> {
    const parts = this.chunk.data();
    const { dictionary, numbers } = textsOf(parts, this.ofPage);
    const offsets = new Uint32Array(this.#rows + 1);
    const present = new Uint8Array(this.#rows);
    const index = new Uint32Array(numbers.reduce((sum, { length }) => sum + length, 0));
    const { definition } = this.chunk.place;
    let row = -1;
    let used = 0;
    for (const [i, { count, definitions, repetitions }] of parts.entries()) {
      const entries = numbers[i] as Uint32Array;
      let taken = 0;
      for (let k = 0; k < count; k++) {
        if (repetitions === null || repetitions[k] === 0) {
          row++;
          if (row >= this.#rows) throw new RangeError('there are more lists than rows');
          offsets[row] = used;
        }
        const level = definitions === null ? definition : (definitions[k] as number);
        if (level > 0) present[row] = 1;
        if (level === definition) index[used++] = entries[taken++] as number;
      }
    }
    if (row + 1 !== this.#rows) throw new RangeError('there are fewer lists than rows');
    offsets[this.#rows] = used;
    return { dictionary, offsets, index, present };
  }
}

function numbersOf({ dictionary }: Chunk, { values }: DataPart): Float64Array {
  if ('plain' in values) {
    if (values.plain instanceof Float64Array) return values.plain;
  } else if (dictionary instanceof Float64Array) {
    numbersWithin(values, { length: dictionary.length } as readonly unknown[]);
    return Float64Array.from(values.entries, (number) => dictionary[number - 1] as number);
  }
  throw new Error('a column of numbers holds texts');
}

type Spread = Uint8Array | Uint32Array | Float64Array;

/** The defined values at their rows, 0 elsewhere. */
function spread<T extends Spread>(
  parts: readonly DataPart[],
  rows: number,
  Kind: new (length: number) => T,
  valuesOf: (part: number) => Uint32Array | Float64Array,
): T {
  const out = new Kind(rows);
  let row = 0;
  for (const [i, { count, definitions }] of parts.entries()) {
    const values = valuesOf(i);
    if (row + count > rows) throw new RangeError('there are more values than rows');
    if (definitions === null) out.set(values, row);
    else {
      let taken = 0;
      for (let k = 0; k < count; k++) if (definitions[k] === 1) out[row + k] = values[taken++] as number;
    }
    row += count;
  }
  if (row !== rows) throw new RangeError('there are fewer values than rows');
  return out;
}

/** 1 where there is a value; null when there is one everywhere. */
function presenceOf(parts: readonly DataPart[], rows: number): Uint8Array | null {
  if (parts.every(({ definitions }) => definitions === null || definitions.every((level) => level === 1)))
    return null;
  const present = new Uint8Array(rows);
  let row = 0;
  for (const { count, definitions } of parts) {
    for (let k = 0; k < count; k++) present[row + k] = definitions === null ? 1 : (definitions[k] as number);
    row += count;
  }
  return present;
}
