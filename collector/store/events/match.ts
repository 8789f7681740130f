import { type Column, type ColumnarEvents, valueAt } from '#shared/schema/columns.ts';
import type { EventQuery, FieldTest } from '../contract.ts';

type RowTest = (row: number) => boolean;

/** Whether each dictionary entry passes, worked out once; entry 0, absent, does not. */
function overDictionary(dictionary: readonly string[], test: (value: string) => boolean): Uint8Array {
  const passes = new Uint8Array(dictionary.length + 1);
  for (let k = 0; k < dictionary.length; k++) passes[k + 1] = test(dictionary[k] as string) ? 1 : 0;
  return passes;
}

function columnTest(column: Column, test: (value: string) => boolean): RowTest {
  switch (column.kind) {
    case 'string': {
      const passes = overDictionary(column.dictionary, test);
      return (row) => passes[column.index[row] as number] === 1;
    }
    case 'list': {
      const passes = overDictionary(column.dictionary, test);
      return (row) => {
        for (let i = column.offsets[row] as number; i < (column.offsets[row + 1] as number); i++) {
          if (passes[column.index[i] as number] === 1) return true;
        }
        return false;
      };
    }
    default:
      return (row) => {
        const value = valueAt(column, row);
        return value !== undefined && test(String(value));
      };
  }
}

function fieldTest(events: ColumnarEvents, { field, ...test }: FieldTest): RowTest | undefined {
  const column = events.columns.get(field);
  if (column === undefined) return test.op === 'ne' ? () => true : undefined;
  if (test.op === 'exists') return (row) => valueAt(column, row) !== undefined;
  const wanted = test.value.toLowerCase();
  if (test.op === 'contains') return columnTest(column, (value) => value.toLowerCase().includes(wanted));
  const isEqual = columnTest(column, (value) => value.toLowerCase() === wanted);
  return test.op === 'eq' ? isEqual : (row) => !isEqual(row);
}

function textTest(events: ColumnarEvents, text: string): RowTest | undefined {
  const wanted = text.toLowerCase();
  const tests: RowTest[] = [];
  for (const column of events.columns.values()) {
    if (column.kind !== 'string' && column.kind !== 'list') continue;
    if (!column.dictionary.some((value) => value.toLowerCase().includes(wanted))) continue;
    tests.push(columnTest(column, (value) => value.toLowerCase().includes(wanted)));
  }
  return tests.length === 0 ? undefined : (row) => tests.some((test) => test(row));
}

/** Rows of a group that a query asks for, in their order. The host is not looked at: a batch has one. */
export function matchingRows(events: ColumnarEvents, query: EventQuery): number[] {
  if (query.types !== undefined && query.types.length > 0 && !query.types.includes(events.type)) return [];
  const tests: RowTest[] = [];
  for (const test of query.where ?? []) {
    const rowTest = fieldTest(events, test);
    if (rowTest === undefined) return [];
    tests.push(rowTest);
  }
  if (query.text !== undefined && query.text !== '') {
    const rowTest = textTest(events, query.text);
    if (rowTest === undefined) return [];
    tests.push(rowTest);
  }
  const since = query.since ?? Number.NEGATIVE_INFINITY;
  const until = query.until ?? Number.POSITIVE_INFINITY;
  const rows: number[] = [];
  for (let row = 0; row < events.count; row++) {
    const time = events.times[row] as number;
    if (time >= since && time <= until && tests.every((test) => test(row))) rows.push(row);
  }
  return rows;
}
