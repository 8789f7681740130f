/** Events on their way from the journal to segments, and from small segments to large ones. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import { noKeyRing } from '../../../../collector/encryption/key-ring.ts';
import { openDatabase } from '../../../../collector/store/journal/database.ts';
import { openJournalReader } from '../../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../../collector/store/journal/writer.ts';
import { Compactor, chooseMerge } from '../../../../collector/store/segments/compactor.ts';
import { Manifest, type Segment } from '../../../../collector/store/segments/manifest.ts';
import { chooseOutdated, daysByType, outdatedOf } from '../../../../collector/store/segments/retention.ts';
import { Sealer } from '../../../../collector/store/segments/sealer.ts';
import { removeFiles, removeStrangers } from '../../../../collector/store/segments/sweep.ts';
import { randomOf, sampleEvents } from '../../../../scripts/bench/sample-events.ts';
import { tempFolder } from '../../../temp.ts';
import { append, everything } from './stored.ts';

const start = Date.UTC(2026, 10, 1) * 1000;
const dayUs = 86_400_000_000;
const wide = { maxEvents: 1_000_000, maxBytes: 1 << 30 };

function open(t: Test) {
  const root = tempFolder(t);
  const path = join(root, 'journal.db');
  const folder = join(root, 'segments');
  mkdirSync(folder);
  const writer = openJournalWriter(path);
  const db = openDatabase(path, false);
  t.teardown(async () => {
    await writer.close();
    db.close();
  });
  return { path, folder, writer, db, sealer: new Sealer(db, folder), manifest: new Manifest(db) };
}

/** Batches of all kinds of events, some of them of the day before and the day after. */
function batches(count: number, seed = 1, size = 50): EventRow[][] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, i) => {
    const events = sampleEvents(random, size, start + i * 1_000_000) as unknown as EventRow[];
    return events.map((event, n) =>
      n % 17 === 0 ? { ...event, time: event.time + ((n % 3) - 1) * dayUs } : event,
    );
  });
}

t.test('sealing keeps every event, once, in the segment of its type and day', async (t) => {
  const { writer, db, folder, sealer, manifest } = open(t);
  await append(writer, batches(40));
  const before = await everything(db, folder);
  t.equal(before.size, 2000);
  const run = sealer.run(Number.MAX_SAFE_INTEGER, wide, 1);
  t.match(run, { batches: 39, events: 1950 }, 'the last batch stays');
  t.same(await everything(db, folder), before);
  t.ok(
    new Set(manifest.list().map(({ day }) => day)).size >= 3,
    'late and early events are in days of their own',
  );
  t.equal(manifest.totals().events, 1950);
  t.same(db.prepare('SELECT batches, events FROM total').get(), { batches: 1, events: 50 });
  t.equal(sealer.run(Number.MAX_SAFE_INTEGER, wide, 2), undefined, 'and again there is nothing to do');
});

t.test('ids go on growing, and what was acknowledged counts as before', async (t) => {
  const { path, writer, db, sealer } = open(t);
  await append(writer, batches(10));
  sealer.run(Number.MAX_SAFE_INTEGER, wide, 1);
  await append(writer, batches(1, 2), { sequence: 11, collected: 500 });
  t.equal(db.prepare('SELECT max(id) FROM batch').pluck().get(), 11);
  const reader = openJournalReader(path);
  t.teardown(() => reader.close());
  t.match(await reader.ledger(), [{ mark: 11, collected: 550, stored: 550, batches: 11 }]);
  t.match(await reader.totals(), { batches: 2, events: 100 });
});

t.test('only what detection is done with, and only so much at once', async (t) => {
  const { writer, db, sealer } = open(t);
  await append(writer, batches(10));
  t.match(sealer.run(4, wide, 1), { batches: 4 });
  t.equal(sealer.run(4, wide, 2), undefined);
  t.match(sealer.run(9, { maxEvents: 100, maxBytes: 1 << 30 }, 3), { batches: 2 });
  t.match(sealer.run(9, { maxEvents: 1000, maxBytes: 1 }, 4), { batches: 1 });
  t.equal(db.prepare('SELECT count(*) FROM batch').pluck().get(), 3);
});

t.test('a batch that does not decode stays, and holds nothing up', async (t) => {
  const { writer, db, folder, sealer } = open(t);
  await append(writer, batches(6));
  db.prepare("UPDATE batch SET data = x'00ff' WHERE id IN (1, 4)").run();
  const before = await everything(db, folder);
  t.match(sealer.run(Number.MAX_SAFE_INTEGER, wide, 1), { batches: 3 });
  t.same(db.prepare('SELECT id FROM batch').pluck().all(), [1, 4, 6]);
  t.same(await everything(db, folder), before);
});

t.test('a disk that refuses changes nothing and leaves nothing', async (t) => {
  const { writer, db, folder, sealer } = open(t);
  await append(writer, batches(6));
  const before = await everything(db, folder);
  writeFileSync(join(folder, '2026-11-01'), 'in the way');
  t.throws(() => sealer.run(Number.MAX_SAFE_INTEGER, wide, 1));
  t.same(await everything(db, folder), before);
  t.notOk(readdirSync(folder, { recursive: true }).some((name) => String(name).includes('.parquet')));
});

t.test('told to stop, it gives up what it was at', async (t) => {
  const { writer, db, folder, sealer } = open(t);
  await append(writer, batches(6));
  let looks = 0;
  t.equal(
    sealer.run(Number.MAX_SAFE_INTEGER, wide, 1, () => ++looks === 3),
    undefined,
  );
  t.equal(db.prepare('SELECT count(*) FROM batch').pluck().get(), 6);
  t.notOk(readdirSync(folder, { recursive: true }).some((name) => String(name).includes('.parquet')));
});

t.test('a row group that is full goes on in the next', async (t) => {
  const { writer, db, folder, sealer } = open(t);
  const one = (n: number): EventRow => ({
    type: 'package.state',
    time: start + n,
    'package.name': `n${n}`,
    'package.type': 'test',
  });
  const size = 50_000;
  await append(
    writer,
    [0, 1, 2, 3].map((b) => Array.from({ length: size }, (_, i) => one(b * size + i))),
  );
  const before = await everything(db, folder);
  t.match(sealer.run(Number.MAX_SAFE_INTEGER, wide, 1), { batches: 3, events: 3 * size, segments: 1 });
  t.same(await everything(db, folder), before);
});

t.test('segments of large row groups are put together as they are', async (t) => {
  const { writer, db, folder, sealer, manifest } = open(t);
  const size = 32_000;
  const batch = (b: number): EventRow[] =>
    Array.from({ length: size }, (_, i) => ({
      type: 'process.end',
      time: start + b * size + i,
      'process.pid': i,
      'process.entity_id': `e${b}-${i}`,
      'process.name': 'n',
    }));
  await append(writer, [0, 1, 2].map(batch));
  const before = await everything(db, folder);
  for (const id of [1, 2]) sealer.run(id, wide, id);
  const [one, two] = manifest.list() as [Segment, Segment];
  const compactor = new Compactor(db, folder, noKeyRing, {
    fullRows: 1_000_000,
    minSegments: 2,
  });
  const merged = compactor.step(9);
  t.match(merged, { rows: 2 * size, minTime: one.minTime, maxTime: two.maxTime });
  t.ok((merged as Segment).sizeBytes > (one.sizeBytes + two.sizeBytes) * 0.95, 'nothing was encoded again');
  t.same(await everything(db, folder), before);
});

t.test('small segments are merged, and the events are the same', async (t) => {
  const { writer, db, folder, sealer, manifest } = open(t);
  await append(writer, batches(41));
  const before = await everything(db, folder);
  for (let id = 4; id <= 40; id += 4) sealer.run(id, wide, id);
  const many = manifest.totals().files;
  const compactor = new Compactor(db, folder, noKeyRing, {
    fullRows: 1_000_000,
    minSegments: 4,
  });
  let steps = 0;
  while (compactor.step(1000 + steps) !== undefined) steps++;
  t.ok(steps > 2);
  t.ok(manifest.totals().files < many / 2, `${manifest.totals().files} of ${many}`);
  t.same(await everything(db, folder), before);

  const waste = manifest.garbage(Number.MAX_SAFE_INTEGER);
  t.ok(
    waste.length > steps && waste.every((path) => existsSync(join(folder, path))),
    'readers may be at the old ones',
  );
  manifest.forgetGarbage(removeFiles(folder, waste));
  t.same(manifest.garbage(Number.MAX_SAFE_INTEGER), []);
  t.same(await everything(db, folder), before);
});

t.test('small segments that were merged have bloom filters, as those that were sealed', async (t) => {
  const { writer, db, folder, sealer, manifest } = open(t);
  const batch = (b: number): EventRow[] =>
    Array.from({ length: 300 }, (_, i) => ({
      ...{ type: 'process.end', time: start + (b * 300 + i) * 1000, 'process.pid': i },
      'process.entity_id': `e${b}-${i}`,
    }));
  await append(writer, [0, 1, 2, 3].map(batch));
  for (const id of [1, 2, 3]) sealer.run(id, wide, id);
  const bounds = { fullRows: 1_000_000, minSegments: 2 };
  const merged = new Compactor(db, folder, noKeyRing, bounds).step(9) as Segment;
  t.match(manifest.list(), [{ path: merged.path, rows: 900 }]);
  const path = join(folder, merged.path);
  const instance = await DuckDBInstance.create(':memory:');
  const duck = await instance.connect();
  t.teardown(() => {
    duck.closeSync();
    instance.closeSync();
  });
  const ask = async (sql: string) => (await duck.runAndReadAll(sql)).getRows();
  const groups = await ask(
    `SELECT path_in_schema, row_group_num_rows, bloom_filter_offset IS NOT NULL FROM parquet_metadata('${path}')
      WHERE path_in_schema IN ('process.entity_id', 'host.id', 'event.stream') ORDER BY ALL`,
  );
  t.same(groups, [
    ['event.stream', 900n, false],
    ['host.id', 900n, true],
    ['process.entity_id', 900n, true],
  ]);
  const excludes = (value: string) =>
    ask(`SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', 'process.entity_id', '${value}')`);
  for (let b = 0; b < 3; b++) t.same(await excludes(`e${b}-299`), [[false]]);
  t.same(await excludes('e9-999'), [[true]]);
});

t.test('what a crash left is removed at the next start, and nothing else', async (t) => {
  const { writer, db, folder, sealer, manifest } = open(t);
  await append(writer, batches(10));
  sealer.run(Number.MAX_SAFE_INTEGER, wide, 1);
  const before = await everything(db, folder);
  const [{ path }] = manifest.list() as [Segment];
  appendFileSync(join(folder, `${path}.unfinished`), 'half');
  appendFileSync(join(folder, path.replace('1-1', '7-7')), 'never named');
  t.equal(removeStrangers(folder, manifest, []), 2);
  t.same(await everything(db, folder), before);
});

const segment = (id: number, over: Partial<Segment> = {}): Segment => ({
  ...{ id, type: 'process.start', day: 1, path: `${id}`, rows: 100, sizeBytes: 1000 },
  ...{ minTime: 0, maxTime: 1, sealedAt: id * dayUs, key: null, ...over },
});

t.test('what is worth merging', async (t) => {
  const bounds = { fullRows: 1000, minSegments: 3 };
  const rows = (...sizes: number[]) => sizes.map((n, i) => segment(i, { rows: n }));
  const chosen = (sizes: number[], isOver = false) =>
    chooseMerge(rows(...sizes), isOver, bounds).map((s) => s.rows);
  t.same(chosen([1, 1]), []);
  t.same(chosen([1, 1], true), [1, 1], 'of a day that is over, two are enough');
  t.same(chosen([1], true), []);
  t.same(chosen([1, 1, 1, 900]), [1, 1, 1], 'large ones are not written again for small ones');
  t.same(chosen([400, 400, 400]), [], 'never beyond a full one');
  t.same(chosen([300, 300, 300]), [300, 300, 300]);
  t.same(chosen([2000, 2000, 2000], true), [], 'full ones are left');
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1500 })), fc.boolean(), (sizes, isOver) => {
      const sum = chosen(sizes, isOver).reduce((a, b) => a + b, 0);
      return sum <= 1000;
    }),
  );
});

t.test('retention by age, by type and by room, oldest first', async (t) => {
  const now = 100 * dayUs;
  const all = [10, 20, 95, 99].map((id) => segment(id));
  const gone = (days: number, maxBytes = 0, byType = {}) =>
    chooseOutdated(all, { days, daysByType: byType, maxBytes }, now).map(({ id }) => id);
  t.same(gone(0), []);
  t.same(gone(30), [10, 20]);
  t.same(gone(30, 0, { 'process.start': 3 }), [10, 20, 95]);
  t.same(gone(30, 0, { 'process.end': 3 }), [10, 20]);
  t.same(gone(0, 2500), [10, 20]);
  t.same(gone(85, 1500), [10, 20, 95]);
  t.match(outdatedOf(all, { days: 30, daysByType: {}, maxBytes: 0 }, now), {
    ...{ segments: 2, events: all[0]!.rows + all[1]!.rows, sizeBytes: all[0]!.sizeBytes + all[1]!.sizeBytes },
    ...{ eventsByType: { 'process.start': all[0]!.rows + all[1]!.rows }, keptSince: all[2]!.minTime },
  });
  t.match(outdatedOf(all, { days: 0, daysByType: {}, maxBytes: 1 }, now), { segments: 4, keptSince: null });
  t.match(outdatedOf(all, { days: 0, daysByType: {}, maxBytes: 0 }, now), { segments: 0, eventsByType: {} });
  t.same(daysByType(['network.connection=30']), { 'network.connection': 30 });
  for (const wrong of ['network.connection', 'nothing=3', 'login=x'])
    t.throws(() => daysByType([wrong]), { code: 'config.invalid' });
});
