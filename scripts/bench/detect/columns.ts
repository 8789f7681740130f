import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';

export type Row = Readonly<Record<string, string | number | boolean | undefined>>;

/** Rows as decoded columns: text by dictionary, the rest plain. */
export function columnsOf(type: string, rows: readonly Row[]): ColumnarEvents {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = new Map<string, Column>();
  for (const name of names) columns.set(name, columnOf(rows.map((row) => row[name])));
  const times = Float64Array.from(rows, (_, i) => 1_760_000_000_000_000 + i * 1_000);
  return { type, count: rows.length, times, columns };
}

function columnOf(values: readonly Row[string][]): Column {
  const kinds = new Set(values.flatMap((value) => (value === undefined ? [] : [typeof value])));
  if (kinds.has('string')) return textColumn(values);
  const present = Uint8Array.from(values, (value) => (value === undefined ? 0 : 1));
  if (kinds.has('number'))
    return { kind: 'number', values: Float64Array.from(values, (value) => Number(value ?? 0)), present };
  return { kind: 'bool', values: Uint8Array.from(values, (v) => (v === undefined ? 0 : v === true ? 2 : 1)) };
}

function textColumn(values: readonly Row[string][]): Column {
  const places = new Map<string, number>();
  const index = Uint16Array.from(values, (value) => {
    if (value === undefined) return 0;
    const text = String(value);
    let place = places.get(text);
    if (place === undefined) {
      place = places.size + 1;
      places.set(text, place);
    }
    return place;
  });
  return { kind: 'string', dictionary: [...places.keys()], index };
}
