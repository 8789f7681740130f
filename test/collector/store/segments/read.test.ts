/** What the reader of segments gives is what was sealed, whoever wrote the file. */
import { closeSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { noKeyRing } from '../../../../collector/encryption/key-ring.ts';
import { openDatabase } from '../../../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../../../collector/store/journal/writer.ts';
import { StoredGroup } from '../../../../collector/store/scan/stored-group.ts';
import { takeRows } from '../../../../collector/store/scan/take-rows.ts';
import { Compactor } from '../../../../collector/store/segments/compactor.ts';
import { Manifest } from '../../../../collector/store/segments/manifest.ts';
import { encodeDelta } from '../../../../collector/store/segments/parquet/delta.ts';
import { encodeHybrid, widthOf } from '../../../../collector/store/segments/parquet/hybrid.ts';
import { decodeDelta } from '../../../../collector/store/segments/parquet/read/delta.ts';
import { decodeHybrid } from '../../../../collector/store/segments/parquet/read/hybrid.ts';
import { readRowGroups } from '../../../../collector/store/segments/parquet/read/row-groups.ts';
import { Sealer } from '../../../../collector/store/segments/sealer.ts';
import { tempFolder } from '../../../temp.ts';
import { append } from './stored.ts';

const start = Date.UTC(2026, 10, 1) * 1000;
const duck = await (await DuckDBInstance.create(':memory:')).connect();
const wide = { maxEvents: 1_000_000, maxBytes: 1 << 30 };

t.test('runs and packed bits of any width', async () => {
  const lists = fc.integer({ min: 0, max: 24 }).chain((width) =>
    fc.tuple(
      fc.constant(width),
      fc
        .array(fc.tuple(fc.nat({ max: 2 ** width - 1 }), fc.integer({ min: 1, max: 40 })), { maxLength: 60 })
        .map((runs) => Uint32Array.from(runs.flatMap(([value, n]) => Array<number>(n).fill(value)))),
    ),
  );
  fc.assert(
    fc.property(lists, ([width, values]) => {
      const { values: read } = decodeHybrid(
        encodeHybrid(values, values.length, width),
        0,
        width,
        values.length,
      );
      return Buffer.compare(Buffer.from(read.buffer), Buffer.from(Uint32Array.from(values).buffer)) === 0;
    }),
  );
  t.equal(widthOf(5), 3);
});

t.test('differences up to the widest', async () => {
  const values = fc.array(fc.integer({ min: -(2 ** 49), max: 2 ** 49 }), { maxLength: 400 });
  fc.assert(
    fc.property(values, (list) => {
      const all = Float64Array.from(list);
      const { values: read } = decodeDelta(encodeDelta(all, all.length), 0, all.length);
      return read.every((value, i) => value === list[i]) && read.length === list.length;
    }),
  );
});

t.test('what is cut off or made up is refused', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 32 }), (bytes, width) => {
      for (const read of [
        () => decodeHybrid(Buffer.from(bytes), 0, width, 1000),
        () => decodeDelta(Buffer.from(bytes), 0, 1000),
      ]) {
        try {
          read();
        } catch (error) {
          if (!(error instanceof RangeError)) return false;
        }
      }
      return true;
    }),
  );
  t.throws(() => decodeHybrid(Buffer.alloc(0), 0, 3, 1), RangeError);
});

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', 'ünïcode 🦉', 'a'.repeat(300)));
/** Rows with every kind of column: texts, whole numbers, fractions, booleans, instants and lists. */
const rows = fc.array(
  fc.record(
    {
      type: fc.constantFrom('process.start', 'network.connection', 'host.health', 'dns.query'),
      time: fc.integer({ min: 0, max: 3_600_000_000 }).map((us) => start + us),
      'process.command_line': text,
      'process.executable': fc.constantFrom('/bin/a', '/bin/b'),
      'process.pid': fc.nat({ max: 4_000_000 }),
      'network.initiated': fc.boolean(),
      'user.name': text,
      'host.load': fc.double({ noNaN: true, min: 0, max: 1e9 }),
      'dns.header_flags': fc.array(fc.constantFrom('AA', 'RD', 'ünï'), { maxLength: 4 }),
    },
    { requiredKeys: ['type', 'time'] },
  ) as fc.Arbitrary<EventRow>,
  { minLength: 1, maxLength: 80 },
);

const keyFor = (): never => {
  throw new Error('nothing is encrypted');
};
const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** All events of all segments, as text. */
function readAll(folder: string, manifest: Manifest): string[] {
  const all: string[] = [];
  for (const { path, type } of manifest.list()) {
    const fd = openSync(join(folder, path), 'r');
    try {
      for (const place of readRowGroups(fd, path, keyFor)) {
        const group = new StoredGroup(fd, specs[type] as EventSpec, place);
        const wanted = [...Array(group.count).keys()];
        const taken = takeRows(group, wanted);
        for (const [i, row] of wanted.entries()) {
          t.same(rowAt(taken, i), rowAt(group, row), 'rows that are taken are those that were read');
          all.push(textOf(rowAt(group, row)));
        }
      }
    } finally {
      closeSync(fd);
    }
  }
  return all.sort();
}

const textOf = (event: EventRow) =>
  JSON.stringify(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));

function open(t: Test) {
  const root = tempFolder(t);
  const folder = join(root, 'segments');
  mkdirSync(folder);
  const writer = openJournalWriter(join(root, 'journal.db'));
  const db = openDatabase(join(root, 'journal.db'), false);
  t.teardown(async () => {
    await writer.close();
    db.close();
  });
  return { folder, writer, db, sealer: new Sealer(db, folder), manifest: new Manifest(db) };
}

t.test('every value that was sealed, and again when it was merged', async (t) => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(rows, rows, async (first, second) => {
      const { writer, folder, manifest, sealer, db } = open(t);
      const events = [...first, ...second];
      await append(writer, [first, second, [{ type: 'login', time: start }]]);
      sealer.run(1, wide, ++runs);
      sealer.run(2, wide, ++runs);
      const sealed = readAll(folder, manifest);
      t.equal(sealed.length, events.length);
      // A field that its type does not declare never reaches a column.
      const expected = events.map((event) => stored(event)).sort();
      t.same(sealed, expected);
      const compactor = new Compactor(db, folder, noKeyRing, {
        fullRows: 10_000,
        minSegments: 2,
      });
      while (compactor.step(start + 1e12 + runs++) !== undefined);
      t.same(readAll(folder, manifest), expected, 'merged');
      for (const { path } of manifest.list()) await writeByDuckdb(join(folder, path));
      t.same(readAll(folder, manifest), expected, 'after DuckDB wrote it');
    }),
    { numRuns: 12 },
  );
});

/** As another writer does: pages of version 2, and dictionaries that are given up in the middle. */
async function writeByDuckdb(path: string): Promise<void> {
  const options = 'FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2';
  await duck.run(`COPY (SELECT * FROM read_parquet('${path}')) TO '${path}.other' (${options})`);
  renameSync(`${path}.other`, path);
}

function stored(event: EventRow): string {
  const declared = fieldsOf(specs[event.type] as EventSpec);
  const isKept = ([name]: [string, unknown]) => name === 'type' || name === 'time' || name in declared;
  return textOf(Object.fromEntries(Object.entries(event).filter(isKept)) as EventRow);
}
