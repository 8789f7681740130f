/**
 * Events as columns: what the codec decodes to, what detection reads, what stores keep. All events of a
 * `ColumnarEvents` have one type; row `i` of every column belongs to the same event.
 */

/** Strings (`keyword`, `text`, `ip`, `hash`). Index 0 is absent; index k is `dictionary[k - 1]`. Entries are distinct. */
export interface StringColumn {
  readonly kind: 'string';
  readonly dictionary: readonly string[];
  readonly index: Uint8Array | Uint16Array | Uint32Array;
}

/** Numbers (`int`, `float`, `time`). `present` is null when every row has one, else 1 where it does. */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
  readonly present: Uint8Array | null;
}

/** Booleans: 0 absent, 1 false, 2 true. */
export interface BoolColumn {
  readonly kind: 'bool';
  readonly values: Uint8Array;
}

/**
 * Lists of strings. Row i holds the dictionary entries `index[offsets[i] .. offsets[i + 1])` (each as k for
 * `dictionary[k - 1]`); `present` is 1 where the row has a list, be it empty.
 */
export interface ListColumn {
  readonly kind: 'list';
  readonly dictionary: readonly string[];
  readonly offsets: Uint32Array;
  readonly index: Uint8Array | Uint16Array | Uint32Array;
  readonly present: Uint8Array;
}

export type Column = StringColumn | NumberColumn | BoolColumn | ListColumn;

export interface ColumnarEvents {
  /** Event type, e.g. `process.start`. */
  readonly type: string;
  readonly count: number;
  /** Microseconds since the Unix epoch, by row. */
  readonly times: Float64Array;
  /** By ECS name; a field that no row has may be missing. */
  readonly columns: ReadonlyMap<string, Column>;
}

/** An event as one object: `type`, `time` and whatever fields are present, by ECS name. */
export type EventRow = { type: string; time: number } & Record<
  string,
  string | number | boolean | readonly string[]
>;

/** The value of one row of a column; undefined when absent. */
export function valueAt(
  column: Column,
  row: number,
): string | number | boolean | readonly string[] | undefined {
  switch (column.kind) {
    case 'string': {
      const k = column.index[row] ?? 0;
      return k === 0 ? undefined : column.dictionary[k - 1];
    }
    case 'number':
      return column.present === null || column.present[row] === 1 ? column.values[row] : undefined;
    case 'bool': {
      const v = column.values[row] ?? 0;
      return v === 0 ? undefined : v === 2;
    }
    case 'list': {
      if (column.present[row] !== 1) return undefined;
      const list: string[] = [];
      for (let i = column.offsets[row] ?? 0; i < (column.offsets[row + 1] ?? 0); i++) {
        list.push(column.dictionary[(column.index[i] ?? 1) - 1] ?? '');
      }
      return list;
    }
  }
}

/** One row as an object. */
export function rowAt(events: ColumnarEvents, row: number): EventRow {
  const out: EventRow = { type: events.type, time: events.times[row] ?? 0 };
  for (const [name, column] of events.columns) {
    const value = valueAt(column, row);
    if (value !== undefined) out[name] = value;
  }
  return out;
}
