import type { Column } from '../../schema/columns.ts';
import type { FieldIndex, Hits } from './field-index.ts';

/** What holds for each row of one column. */
export interface ColumnHits {
  /** Whether any row has a waking hit. */
  readonly wakes: boolean;
  /** Calls `visit` for each hit of a row: one, none, or for lists one an entry. */
  readonly visit: (row: number, visit: (hits: Hits) => void) => void;
  /** Sets `awake[row]` where a hit wakes. */
  readonly wake: (awake: Uint8Array) => void;
}

/** Text of a number as tests see it. */
export function numberText(value: number): string {
  return String(value);
}

/** Looks up each distinct value of a column once. Null when no test holds for any row. */
export function hitsOfColumn(column: Column, index: FieldIndex, count: number): ColumnHits | null {
  switch (column.kind) {
    case 'string': {
      const found = hitsOfDictionary(column.dictionary, index);
      return found === null ? null : byIndex(column.index, found, count);
    }
    case 'bool': {
      const found = hitsOfDictionary(['false', 'true'], index);
      return found === null ? null : byIndex(column.values, found, count);
    }
    case 'number': {
      const { index: rows, dictionary } = dictionaryOf(column.values, column.present, count);
      const found = hitsOfDictionary(dictionary, index);
      return found === null ? null : byIndex(rows, found, count);
    }
    case 'list': {
      const found = hitsOfDictionary(column.dictionary, index);
      return found === null ? null : byOffsets(column.offsets, column.index, found, count);
    }
  }
}

/** Entry k is for index k; entry 0, absent, is always null. Null when all are. */
function hitsOfDictionary(dictionary: readonly string[], index: FieldIndex): readonly (Hits | null)[] | null {
  const found: (Hits | null)[] = [null];
  let some = false;
  for (const value of dictionary) {
    const hits = index.find(value);
    found.push(hits);
    some ||= hits !== null;
  }
  return some ? found : null;
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

type Indexes = Uint8Array | Uint16Array | Uint32Array;

function byIndex(index: Indexes, found: readonly (Hits | null)[], count: number): ColumnHits {
  return {
    wakes: found.some((hits) => hits?.wakes === true),
    visit: (row, visit) => {
      const hits = found[index[row]!];
      if (hits) visit(hits);
    },
    wake: (awake) => {
      const wakes = Uint8Array.from(found, (hits) => (hits?.wakes === true ? 1 : 0));
      for (let row = 0; row < count; row++) awake[row]! |= wakes[index[row]!]!;
    },
  };
}

function byOffsets(
  offsets: Uint32Array,
  index: Indexes,
  found: readonly (Hits | null)[],
  count: number,
): ColumnHits {
  return {
    wakes: found.some((hits) => hits?.wakes === true),
    visit: (row, visit) => {
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        const hits = found[index[i]!];
        if (hits) visit(hits);
      }
    },
    wake: (awake) => {
      for (let row = 0; row < count; row++) {
        for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
          if (found[index[i]!]?.wakes === true) awake[row] = 1;
        }
      }
    },
  };
}
