/** Small row groups of several files, written once more as large ones that have all that our own files have. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { Column } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import type { Key } from '../../encryption/key-ring.ts';
import { columnsOf, originColumns } from './layout.ts';
import { type ColumnForm, type ColumnSpec, gather, ParquetFile } from './parquet/file.ts';
import { columnElements, type Footer, type KeyFor } from './parquet/footer.ts';
import type { Gathered, GatheredNumbers } from './parquet/gathered.ts';
import { storedColumn } from './parquet/read/columns.ts';
import { physicalType, type RowGroupPlace, readRowGroups } from './parquet/read/row-groups.ts';
import type { ThriftStruct } from './parquet/thrift-tree.ts';

/** Numbers of fields of an element of a schema (https://github.com/apache/parquet-format, parquet.thrift). */
const element = { type: 1, children: 5, converted: 6 } as const;
const timestampMicros = 10;

const specByType: Readonly<Record<string, EventSpec>> = eventSpecs;

/**
 * Writes and syncs `to`, under `key` or in the clear: the rows of these files, of one type, in row groups of up to
 * `groupRows`, each by time. Holds one row group in memory. Throws when a file is damaged or rows are missing.
 */
export function rewrite(
  footers: readonly Footer[],
  to: string,
  { type, groupRows, key, keyFor }: RewriteOptions,
): void {
  const out = openSync(to, 'w', 0o600);
  try {
    const file = new ParquetFile(specsOf(type, footers), key);
    const write = (parts: readonly Buffer[]) => {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(out, part, at);
    };
    const rows = footers.reduce((sum, footer) => sum + footer.rows, 0);
    const gathering = new Gathering(specsOf(type, footers), Math.min(rows, groupRows), (columns, order) =>
      write(file.rowGroup(columns, order)),
    );
    for (const { path } of footers) addFile(path, keyFor, gathering);
    gathering.flush();
    if (gathering.written !== rows) throw new Error(`${gathering.written} rows were merged of ${rows}`);
    write(file.finish({ type }));
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
}

export interface RewriteOptions {
  readonly type: string;
  readonly groupRows: number;
  readonly key: Key | undefined;
  readonly keyFor: KeyFor;
}

function addFile(path: string, keyFor: KeyFor, to: Gathering): void {
  const fd = openSync(path, 'r');
  try {
    for (const group of readRowGroups(fd, path, keyFor)) to.add(fd, group);
  } finally {
    closeSync(fd);
  }
}

/** Columns as this version declares them, and those of the files that it does not know. */
function specsOf(type: string, footers: readonly Footer[]): readonly ColumnSpec[] {
  const spec = specByType[type];
  const specs = new Map<string, ColumnSpec>(
    (spec === undefined ? originColumns : columnsOf(spec)).map((one) => [one.name, one]),
  );
  for (const footer of footers)
    for (const [name, first] of columnElements(footer))
      if (!specs.has(name)) specs.set(name, { name, form: formOf(first) });
  return [...specs.values()];
}

function formOf(first: ThriftStruct): ColumnForm {
  const of = (id: number) => first.get(id)?.value as number | undefined;
  if ((of(element.children) ?? 0) > 0) return 'strings';
  switch (of(element.type)) {
    case physicalType.bytes:
      return 'string';
    case physicalType.double:
      return 'float';
    case physicalType.bool:
      return 'bool';
    default:
      return of(element.converted) === timestampMicros ? 'time' : 'int';
  }
}

/** The rows of one row group to be, while they come. */
class Gathering {
  readonly #specs: readonly ColumnSpec[];
  readonly #capacity: number;
  readonly #put: (columns: readonly Gathered[], order: Uint32Array) => void;
  #columns: readonly Gathered[] = [];
  #rows = 0;
  written = 0;

  constructor(
    specs: readonly ColumnSpec[],
    capacity: number,
    put: (columns: readonly Gathered[], order: Uint32Array) => void,
  ) {
    this.#specs = specs;
    this.#capacity = capacity;
    this.#put = put;
  }

  /** Row groups stay whole, so any two neighbours that come about are more than one full one together. */
  add(fd: number, { rows, chunks, key }: RowGroupPlace): void {
    if (this.#rows > 0 && this.#rows + rows > this.#capacity) this.flush();
    if (this.#rows === 0) {
      const capacity = Math.max(this.#capacity, rows);
      this.#columns = this.#specs.map(({ form }) => gather(form, capacity));
    }
    for (const [i, { name, form }] of this.#specs.entries()) {
      const place = chunks.get(name);
      if (place === undefined || (place.repetition === 0 && place.nulls === rows)) continue;
      (this.#columns[i] as Adding).add(this.#rows, rows, storedColumn(fd, place, key, form, rows));
    }
    this.#rows += rows;
  }

  flush(): void {
    if (this.#rows === 0) return;
    const times = (this.#columns[0] as GatheredNumbers).values;
    const order = Uint32Array.from({ length: this.#rows }, (_, row) => row).sort(
      (a, b) => (times[a] as number) - (times[b] as number) || a - b,
    );
    this.#put(this.#columns, order);
    this.written += this.#rows;
    this.#rows = 0;
    this.#columns = [];
  }
}

type Adding = { add(at: number, count: number, column: Column): void };
