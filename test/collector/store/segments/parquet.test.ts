/** Files of the Parquet writer, read back by DuckDB. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import fc from 'fast-check';
import t from 'tap';
import type { Column } from '#shared/schema/columns.ts';
import {
  type ColumnForm,
  type ColumnSpec,
  gather,
  ParquetFile,
} from '../../../../collector/store/segments/parquet/file.ts';
import type { Gathered } from '../../../../collector/store/segments/parquet/gathered.ts';
import { tempFolder } from '../../../temp.ts';

type Cell = string | number | boolean | readonly string[] | null;

const database = await DuckDBInstance.create(':memory:');
const connection = await database.connect();
const folder = tempFolder(t);
let files = 0;

/** Absent here and there, often the same as before, as events are. */
function cells<T extends Cell>(value: fc.Arbitrary<T>): fc.Arbitrary<Cell[]> {
  const run = fc.tuple(fc.option(value), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })));
  return fc
    .array(run, { maxLength: 60 })
    .map((runs) => runs.flatMap(([cell, n]) => Array<Cell>(n).fill(cell)));
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((s) => s.toWellFormed()),
  fc.constantFrom('', 'bash', '/usr/bin/bash', 'x'.repeat(400)),
);
const maxInt = 2 ** 52;
const values: Readonly<Record<ColumnForm, fc.Arbitrary<Cell[]>>> = {
  string: cells(text),
  int: cells(
    fc.oneof(
      fc.integer({ min: -10, max: 1000 }),
      fc.maxSafeInteger().map((n) => n % maxInt),
    ) as fc.Arbitrary<number>,
  ),
  time: cells(fc.integer({ min: 0, max: 2 ** 31 }).map((n) => 1_700_000_000_000_000 + n * 997)),
  float: cells(fc.double({ noNaN: true, noDefaultInfinity: true })),
  bool: cells(fc.boolean()),
  strings: cells(fc.array(text, { maxLength: 5 })),
};
const forms = Object.keys(values) as ColumnForm[];

/** As the codec would give it. */
function columnOf(form: ColumnForm, rows: readonly Cell[]): Column {
  const numberOf = (dictionary: Map<string, number>, entry: string) => {
    if (!dictionary.has(entry)) dictionary.set(entry, dictionary.size + 1);
    return dictionary.get(entry) as number;
  };
  const dictionary = new Map<string, number>();
  switch (form) {
    case 'string': {
      const index = Uint32Array.from(rows, (cell) =>
        cell === null ? 0 : numberOf(dictionary, cell as string),
      );
      return { kind: 'string', dictionary: [...dictionary.keys()], index };
    }
    case 'bool':
      return { kind: 'bool', values: Uint8Array.from(rows, (cell) => (cell === null ? 0 : cell ? 2 : 1)) };
    case 'strings': {
      const offsets = new Uint32Array(rows.length + 1);
      const index = rows.flatMap((cell, i) => {
        const list = (cell ?? []) as readonly string[];
        offsets[i + 1] = (offsets[i] as number) + list.length;
        return list.map((entry) => numberOf(dictionary, entry));
      });
      const present = Uint8Array.from(rows, (cell) => (cell === null ? 0 : 1));
      return {
        kind: 'list',
        dictionary: [...dictionary.keys()],
        offsets,
        index: Uint32Array.from(index),
        present,
      };
    }
    default: {
      const present = Uint8Array.from(rows, (cell) => (cell === null ? 0 : 1));
      const all = Float64Array.from(rows, (cell) => (cell as number | null) ?? 0);
      return { kind: 'number', values: all, present: present.includes(0) ? present : null };
    }
  }
}

function add(into: Gathered, at: number, count: number, column: Column): void {
  (into as { add(at: number, count: number, column: Column): void }).add(at, count, column);
}

function plain(value: DuckDBValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if ('micros' in value) return Number(value.micros);
  return 'items' in value ? [...value.items] : value;
}

async function rowsOf(path: string): Promise<unknown[][]> {
  const found = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
  return found.getRows().map((row) => row.map(plain));
}

/** One row group: columns of one length, each of them added in two batches, and an order of its rows. */
const rowGroup = fc.tuple(...forms.map((form) => values[form])).chain((columns) => {
  const rows = Math.max(...columns.map((column) => column.length));
  const whole = columns.map((column) => [...column, ...Array<Cell>(rows - column.length).fill(null)]);
  const order = fc.shuffledSubarray(
    Array.from({ length: rows }, (_, i) => i),
    { minLength: rows },
  );
  return fc.record({ whole: fc.constant(whole), split: fc.nat({ max: rows }), order });
});

t.test('every value is read as it was written', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(rowGroup, { maxLength: 3 }), async (groups) => {
      const specs: ColumnSpec[] = forms.map((form) => ({ name: `a ${form} "column"`, form }));
      const file = new ParquetFile(specs);
      const parts: Buffer[] = [];
      const expected: unknown[][] = [];
      for (const { whole, split, order } of groups) {
        const rows = order.length;
        const gathered = specs.map(({ form }, i) => {
          const column = gather(form, rows);
          const cells = whole[i] as Cell[];
          add(column, 0, split, columnOf(form, cells.slice(0, split)));
          add(column, split, rows - split, columnOf(form, cells.slice(split)));
          return column;
        });
        parts.push(...file.rowGroup(gathered, Uint32Array.from(order)));
        for (const row of order) expected.push(whole.map((cells) => cells[row]));
      }
      parts.push(...file.finish({ 'vedette.note': 'hand made' }));
      const bytes = Buffer.concat(parts);
      t.equal(file.sizeBytes, bytes.length);
      const path = join(folder, `${files++}.parquet`);
      writeFileSync(path, bytes);
      t.strictSame(await rowsOf(path), expected);
    }),
    { numRuns: 60 },
  );
});

t.test('rows that no batch has are absent, and one value may stand for all of a batch', async (t) => {
  const specs: ColumnSpec[] = [
    { name: 'host', form: 'string' },
    { name: 'n', form: 'int' },
    { name: 'tags', form: 'strings' },
  ];
  const columns = specs.map(({ form }) => gather(form, 5));
  const [host, n] = columns;
  if (host?.kind !== 'string' || n?.kind !== 'number') throw new Error('not what was asked for');
  host.addOne(0, 2, 'web-1');
  host.addOne(2, 2, 'web-2');
  n.addCount(1, 3, 7);
  const file = new ParquetFile(specs);
  const order = Uint32Array.of(0, 1, 2, 3, 4);
  const path = join(folder, 'absent.parquet');
  writeFileSync(path, Buffer.concat([...file.rowGroup(columns, order), ...file.finish({})]));
  t.strictSame(await rowsOf(path), [
    ['web-1', null, null],
    ['web-1', 7, null],
    ['web-2', 8, null],
    ['web-2', 9, null],
    [null, null, null],
  ]);
});

t.test('least and greatest let readers pass over row groups', async (t) => {
  const specs: ColumnSpec[] = [
    { name: 'n', form: 'int' },
    { name: 'name', form: 'string' },
  ];
  const file = new ParquetFile(specs);
  const parts: Buffer[] = [];
  for (let group = 0; group < 3; group++) {
    const columns = specs.map(({ form }) => gather(form, 10));
    if (columns[0]?.kind !== 'number' || columns[1]?.kind !== 'string') throw new Error();
    columns[0].addCount(0, 10, group * 10 - 5);
    columns[1].addOne(0, 10, `ü${group}`);
    parts.push(
      ...file.rowGroup(
        columns,
        Uint32Array.from({ length: 10 }, (_, i) => i),
      ),
    );
  }
  const path = join(folder, 'bounds.parquet');
  writeFileSync(path, Buffer.concat([...parts, ...file.finish({ a: 'b' })]));
  const found = await connection.runAndReadAll(
    `SELECT stats_min_value, stats_max_value, stats_null_count FROM parquet_metadata('${path}')`,
  );
  t.strictSame(
    found.getRows().map((row) => row.map(plain)),
    [
      ['-5', '4', 0],
      ['ü0', 'ü0', 0],
      ['5', '14', 0],
      ['ü1', 'ü1', 0],
      ['15', '24', 0],
      ['ü2', 'ü2', 0],
    ],
  );
});
