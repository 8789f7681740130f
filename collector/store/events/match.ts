/** Filters over columns as the journal holds them: each test is asked once of each entry of a dictionary. */
import { fieldIn } from '#shared/filter/fields.ts';
import { combine, type Filter, type Leaf, timeName, type ValueTest } from '#shared/filter/filter.ts';
import { type Column, type ColumnarEvents, valueAt } from '#shared/schema/columns.ts';
import type { Pattern } from '#shared/sigma/pattern.ts';
import { textTestOf } from './text-test.ts';
import { fitsType, isBetween } from './value-types.ts';

type RowTest = (row: number) => boolean;

/** Over the rows of one group; true or false where all rows are alike. */
type GroupTest = (events: ColumnarEvents) => RowTest | boolean;

/** Which entries of a dictionary pass; entry 0, absent, does not. Undefined when none does. */
function passing(dictionary: readonly string[], test: (value: string) => boolean): Uint8Array | undefined {
  let passes: Uint8Array | undefined;
  for (let k = 0; k < dictionary.length; k++) {
    if (!test(dictionary[k] as string)) continue;
    passes ??= new Uint8Array(dictionary.length + 1);
    passes[k + 1] = 1;
  }
  return passes;
}

function overTexts(column: Column, test: (value: string) => boolean): RowTest | boolean {
  if (column.kind !== 'string' && column.kind !== 'list') return false;
  const passes = passing(column.dictionary, test);
  if (passes === undefined) return false;
  const { index } = column;
  if (column.kind === 'string') return (row) => passes[index[row] as number] === 1;
  const { offsets } = column;
  return (row) => {
    for (let i = offsets[row] as number; i < (offsets[row + 1] as number); i++) {
      if (passes[index[i] as number] === 1) return true;
    }
    return false;
  };
}

function overNumbers(column: Column, test: (value: number) => boolean): RowTest | boolean {
  if (column.kind !== 'number') return false;
  const { values, present } = column;
  if (present === null) return (row) => test(values[row] as number);
  return (row) => present[row] === 1 && test(values[row] as number);
}

function columnTest(test: ValueTest): (column: Column) => RowTest | boolean {
  switch (test.is) {
    case 'present':
      return (column) => (row) => valueAt(column, row) !== undefined;
    case 'bool': {
      const wanted = test.value ? 2 : 1;
      return (column) => column.kind === 'bool' && ((row) => column.values[row] === wanted);
    }
    case 'between': {
      const ofText = textTestOf(test);
      return (column) =>
        column.kind === 'number'
          ? overNumbers(column, (value) => isBetween(test, value))
          : overTexts(column, ofText);
    }
    default: {
      const ofText = textTestOf(test);
      return (column) =>
        column.kind === 'number'
          ? overNumbers(column, (value) => ofText(String(value)))
          : overTexts(column, ofText);
    }
  }
}

function fieldTest(name: string, test: ValueTest): GroupTest {
  const ofColumn = columnTest(test);
  if (name === timeName) {
    return ({ times }) => ofColumn({ kind: 'number', values: times, present: null });
  }
  return (events) => {
    const field = fieldIn(events.type, name);
    if (field === undefined || !fitsType(test, field.type)) return false;
    const column = events.columns.get(field.ecs);
    return column === undefined ? false : ofColumn(column);
  };
}

function wordsTest(pattern: Pattern): GroupTest {
  const ofText = textTestOf({ is: 'like', pattern });
  return (events) => {
    const tests: RowTest[] = [];
    for (const column of events.columns.values()) {
      const test = overTexts(column, ofText);
      if (typeof test === 'function') tests.push(test);
    }
    return tests.length === 0 ? false : (row) => tests.some((test) => test(row));
  };
}

/** A filter made ready for many groups of events. */
export class FilterMatcher {
  readonly #filter: Filter;
  readonly #tests = new Map<Leaf, GroupTest>();

  /** The filter names its hosts by id. */
  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Rows of a group of events of one host that pass and lie within these instants, in their order. */
  rows(hostId: string, events: ColumnarEvents, since: number, until: number): readonly number[] {
    const test = this.#testOf(hostId, events);
    if (test === false) return [];
    const { times } = events;
    const rows: number[] = [];
    for (let row = 0; row < events.count; row++) {
      const time = times[row] as number;
      if (time >= since && time <= until && (test === true || test(row))) rows.push(row);
    }
    return rows;
  }

  #testOf(hostId: string, events: ColumnarEvents): RowTest | boolean {
    return combine<RowTest>(this.#filter, {
      leaf: (leaf) => {
        if (leaf.kind === 'hosts') return leaf.ids.includes(hostId);
        if (leaf.kind === 'types') return leaf.types.includes(events.type);
        return this.#groupTest(leaf)(events);
      },
      all: (parts) => (row) => parts.every((part) => part(row)),
      any: (parts) => (row) => parts.some((part) => part(row)),
      not: (part) => (row) => !part(row),
    });
  }

  #groupTest(leaf: Leaf): GroupTest {
    let test = this.#tests.get(leaf);
    if (test === undefined) {
      if (leaf.kind === 'field') test = fieldTest(leaf.name, leaf.test);
      else if (leaf.kind === 'words') test = wordsTest(leaf.pattern);
      else throw new Error(`A filter with ${leaf.kind} in it cannot be matched.`);
      this.#tests.set(leaf, test);
    }
    return test;
  }
}
