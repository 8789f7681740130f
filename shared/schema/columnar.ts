import type { Column, ColumnarEvents, EventRow } from './columns.ts';
import { type EventSpec, type FieldSpec, fieldsOf } from './spec.ts';

type Value = EventRow[string] | undefined;

type FieldList = readonly (readonly [name: string, field: FieldSpec])[];
const fieldLists = new WeakMap<EventSpec, FieldList>();

function fieldListOf(spec: EventSpec): FieldList {
  let list = fieldLists.get(spec);
  if (list === undefined) {
    list = Object.entries(fieldsOf(spec));
    fieldLists.set(spec, list);
  }
  return list;
}

/** Rows of one type as columns, for rule tests and wherever rows must be matched. Undeclared fields are left out. */
export function columnarOf(spec: EventSpec, rows: readonly EventRow[]): ColumnarEvents {
  const columns = new Map<string, Column>();
  for (const [name, field] of fieldListOf(spec)) {
    // Of the many fields most are absent, and agents ask about single rows.
    if (!rows.some((row) => row[name] !== undefined)) continue;
    const values = rows.map((row): Value => row[name]);
    columns.set(name, columnOf(field, values));
  }
  const times = Float64Array.from(rows, (row) => row.time);
  return { type: spec.name, count: rows.length, times, columns };
}

function columnOf(field: FieldSpec, values: readonly Value[]): Column {
  switch (field.type) {
    case 'int':
    case 'float':
    case 'time':
      return {
        kind: 'number',
        values: Float64Array.from(values, (value) => Number(value ?? 0)),
        present: Uint8Array.from(values, (value) => (value === undefined ? 0 : 1)),
      };
    case 'bool':
      return {
        kind: 'bool',
        values: Uint8Array.from(values, (v) => (v === undefined ? 0 : v === true ? 2 : 1)),
      };
    case 'keywords':
      return listColumn(values);
    default: {
      const dictionary = new Map<string, number>();
      const index = Uint32Array.from(values, (v) => (v === undefined ? 0 : indexIn(dictionary, String(v))));
      return { kind: 'string', dictionary: [...dictionary.keys()], index };
    }
  }
}

function listColumn(values: readonly Value[]): Column {
  const dictionary = new Map<string, number>();
  const index: number[] = [];
  const offsets = [0];
  for (const value of values) {
    for (const entry of Array.isArray(value) ? value : []) index.push(indexIn(dictionary, String(entry)));
    offsets.push(index.length);
  }
  return {
    kind: 'list',
    dictionary: [...dictionary.keys()],
    offsets: Uint32Array.from(offsets),
    index: Uint32Array.from(index),
    present: Uint8Array.from(values, (value) => (value === undefined ? 0 : 1)),
  };
}

/** Counted from 1; 0 is absent. */
function indexIn(dictionary: Map<string, number>, value: string): number {
  let index = dictionary.get(value);
  if (index === undefined) {
    index = dictionary.size + 1;
    dictionary.set(value, index);
  }
  return index;
}
