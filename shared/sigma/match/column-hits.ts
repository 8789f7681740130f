import type { Column } from '../../schema/columns.ts';
import type { FieldIndex } from './field-index.ts';
import type { Hits } from './hits.ts';

type Indexes = Uint8Array | Uint16Array | Uint32Array;

/** What is known of one column: row i has the values `index[offsets[i] .. offsets[i + 1])`, or `index[i]` alone. */
export interface ColumnHits {
  /** By value, counted from 1 as in dictionaries; 0 is absent. */
  readonly found: readonly (Hits | null)[];
  readonly index: Indexes;
  /** For lists. */
  readonly offsets: Uint32Array | null;
  /** Whether any value wakes a rule. */
  readonly wakes: boolean;
}

/** Text of a number as tests see it. */
export function numberText(value: number): string {
  return String(value);
}

/** Looks up each distinct value of a column once. Null when no test holds for any row. */
export function hitsOfColumn(column: Column, tests: FieldIndex, count: number): ColumnHits | null {
  switch (column.kind) {
    case 'string':
      return hitsOf(column.dictionary, tests, () => ({ index: column.index, offsets: null }));
    case 'bool':
      return hitsOf(['false', 'true'], tests, () => ({ index: column.values, offsets: null }));
    case 'list':
      return hitsOf(column.dictionary, tests, () => ({ index: column.index, offsets: column.offsets }));
    case 'number': {
      const { index, dictionary } = dictionaryOf(column.values, column.present, count);
      return hitsOf(dictionary, tests, () => ({ index, offsets: null }));
    }
  }
}

/** `rows` is asked only when some value has a hit: of stored columns it is read from the disk then. */
function hitsOf(
  dictionary: readonly string[],
  tests: FieldIndex,
  rows: () => Pick<ColumnHits, 'index' | 'offsets'>,
): ColumnHits | null {
  const found: (Hits | null)[] = [null];
  let some = false;
  let wakes = false;
  for (const value of dictionary) {
    const hits = tests.find(value);
    found.push(hits);
    if (hits === null) continue;
    some = true;
    wakes ||= hits.wakes.length > 0;
  }
  return some ? { found, ...rows(), wakes } : null;
}

function dictionaryOf(
  values: Float64Array,
  present: Uint8Array | null,
  count: number,
): { index: Uint32Array; dictionary: string[] } {
  const index = new Uint32Array(count);
  const dictionary: string[] = [];
  const known = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    if (present !== null && present[row] !== 1) continue;
    const value = values[row]!;
    let k = known.get(value);
    if (k === undefined) {
      k = dictionary.push(numberText(value));
      known.set(value, k);
    }
    index[row] = k;
  }
  return { index, dictionary };
}

/** Calls `visit` for each hit of a row: one, none, or for lists one an entry. */
export function visitRow(
  { found, index, offsets }: ColumnHits,
  row: number,
  visit: (hits: Hits) => void,
): void {
  const from = offsets === null ? row : offsets[row]!;
  const to = offsets === null ? row + 1 : offsets[row + 1]!;
  for (let i = from; i < to; i++) {
    const hits = found[index[i]!];
    if (hits) visit(hits);
  }
}

/** How many rows have each value of a column; for lists, how many entries are it. */
export function countValues({ found, index, offsets }: ColumnHits, rows: number): Uint32Array {
  const counts = new Uint32Array(found.length);
  const entries = offsets === null ? rows : offsets[rows]!;
  for (let i = 0; i < entries; i++) counts[index[i]!]!++;
  return counts;
}
