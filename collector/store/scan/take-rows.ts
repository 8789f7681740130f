import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';

/** These rows of events, in this order, as events of their own: dictionaries hold what the rows have and no more. */
export function takeRows(events: ColumnarEvents, rows: ArrayLike<number>): ColumnarEvents {
  const columns = new Map<string, Column>();
  for (const [name, column] of events.columns) {
    const taken = takeColumn(column, rows);
    if (taken !== null) columns.set(name, taken);
  }
  const times = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) times[i] = events.times[rows[i] as number] as number;
  return { type: events.type, count: rows.length, times, columns };
}

/** Null when none of the rows has a value. */
function takeColumn(column: Column, rows: ArrayLike<number>): Column | null {
  switch (column.kind) {
    case 'string': {
      const numbers = new Renumbered(column.dictionary);
      const index = numbers.take(column.index, rows);
      return numbers.dictionary.length === 0
        ? null
        : { kind: 'string', dictionary: numbers.dictionary, index };
    }
    case 'number': {
      const values = new Float64Array(rows.length);
      const present = new Uint8Array(rows.length);
      let count = 0;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        if (column.present !== null && column.present[row] !== 1) continue;
        values[i] = column.values[row] as number;
        present[i] = 1;
        count++;
      }
      return count === 0 ? null : { kind: 'number', values, present: count === rows.length ? null : present };
    }
    case 'bool': {
      const values = new Uint8Array(rows.length);
      for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i] as number] as number;
      return values.some((value) => value > 0) ? { kind: 'bool', values } : null;
    }
    case 'list':
      return takeLists(column, rows);
  }
}

function takeLists(column: Column & { readonly kind: 'list' }, rows: ArrayLike<number>): Column | null {
  const offsets = new Uint32Array(rows.length + 1);
  const present = new Uint8Array(rows.length);
  const places: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    present[i] = column.present[row] as number;
    for (let at = column.offsets[row] as number; at < (column.offsets[row + 1] as number); at++)
      places.push(at);
    offsets[i + 1] = places.length;
  }
  if (!present.includes(1)) return null;
  const numbers = new Renumbered(column.dictionary);
  const index = numbers.take(column.index, places);
  return { kind: 'list', dictionary: numbers.dictionary, offsets, index, present };
}

/** A dictionary of those entries that were asked for. */
class Renumbered {
  readonly dictionary: string[] = [];
  readonly #from: readonly string[];
  readonly #numbers = new Map<number, number>();

  constructor(from: readonly string[]) {
    this.#from = from;
  }

  take(index: ArrayLike<number>, places: ArrayLike<number>): Uint32Array {
    const taken = new Uint32Array(places.length);
    for (let i = 0; i < places.length; i++) {
      const entry = index[places[i] as number] as number;
      if (entry === 0) continue;
      let number = this.#numbers.get(entry);
      if (number === undefined) {
        number = this.dictionary.push(this.#from[entry - 1] as string);
        this.#numbers.set(entry, number);
      }
      taken[i] = number;
    }
    return taken;
  }
}
