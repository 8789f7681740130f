/** A row group of a segment as events, of which only what is asked for is read. */
import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { columnsOf, originColumns } from '../segments/layout.ts';
import { storedColumn } from '../segments/parquet/read/columns.ts';
import type { RowGroupPlace } from '../segments/parquet/read/row-groups.ts';

type OriginName = (typeof originColumns)[number]['name'];
const originNames: ReadonlySet<string> = new Set(originColumns.map(({ name }) => name));

export class StoredGroup implements ColumnarEvents {
  readonly type: string;
  readonly count: number;
  readonly columns: ReadonlyMap<string, Column>;
  readonly #origin = new Map<string, Column>();

  /** A row group of an open file; columns that it lacks, or that have no value in it, are left out. */
  constructor(fd: number, spec: EventSpec, { rows, chunks, key }: RowGroupPlace) {
    this.type = spec.name;
    this.count = rows;
    const columns = new Map<string, Column>();
    for (const { name, form } of columnsOf(spec)) {
      const place = chunks.get(name);
      if (place === undefined) continue;
      const isOrigin = originNames.has(name);
      if (!isOrigin && place.repetition === 0 && place.nulls === rows) continue;
      (isOrigin ? this.#origin : columns).set(name, storedColumn(fd, place, key, form, rows));
    }
    this.columns = columns;
  }

  get times(): Float64Array {
    return this.numbers('time');
  }

  /** A column of numbers of those every segment begins with. Throws when the file lacks it. */
  numbers(name: OriginName): Float64Array {
    const column = this.#origin.get(name);
    if (column?.kind !== 'number') throw new Error(`a segment has no column ${name}`);
    return column.values;
  }

  strings(name: OriginName): { readonly dictionary: readonly string[]; readonly index: ArrayLike<number> } {
    const column = this.#origin.get(name);
    if (column?.kind !== 'string') throw new Error(`a segment has no column ${name}`);
    return column;
  }
}
