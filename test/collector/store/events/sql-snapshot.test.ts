/** A statement sees every stored event once, while batches arrive, are sealed, and files are replaced. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t from 'tap';
import { gather, ParquetFile } from '../../../../collector/store/segments/parquet/file.ts';
import type {
  GatheredNumbers,
  GatheredStrings,
} from '../../../../collector/store/segments/parquet/gathered.ts';
import { numbered, numberedHigh } from '../../../events.ts';
import { host, hunting, otherHost } from './hunting.ts';
import { Sealing } from './sealing.ts';

const counts = `SELECT count(*) AS n, count(DISTINCT event.id) AS ids, count(DISTINCT coalesce(package.name, user.name)) AS names
  FROM events`;

t.test('each event once, while batches arrive, are sealed, and their files are replaced', async (t) => {
  const { add, folder, rows } = hunting(t);
  const sealing = new Sealing(folder);
  t.teardown(() => sealing.close());
  let added = 0;
  let isOver = false;
  const asked = [0, 0];
  let askedAtReplacing = [-1, -1];
  const adding = async () => {
    for (let i = 0; i < 400 || Math.min(...asked) < 3; i++) {
      const events = Array.from({ length: 1 + (i % 40) }, (_, k) =>
        (k % 3 === 0 ? numberedHigh : numbered)(i * 100 + k),
      );
      await add(i % 2 === 0 ? host : otherHost, ...events);
      added += events.length;
      if (i % 7 === 0) sealing.seal(5);
      // Not again and again under one statement, which gives up at some time: replaced files stay for minutes.
      if (i % 101 === 100 && asked.every((count, who) => count > (askedAtReplacing[who] as number))) {
        askedAtReplacing = [...asked];
        sealing.replaceAll();
      }
      await setTimeout(2);
    }
    isOver = true;
  };
  const asking = async (who: 0 | 1) => {
    do {
      const before = added;
      const [row] = await rows(counts);
      const found = row as { n: number; ids: number; names: number };
      if (found.n < before || found.n > added) t.fail(`${found.n} of ${before} to ${added} events`);
      if (found.ids !== found.n || found.names !== found.n) t.fail(`${JSON.stringify(found)}: not each once`);
      asked[who] = (asked[who] ?? 0) + 1;
    } while (!isOver);
  };
  await Promise.all([adding(), asking(0), asking(1)]);
  t.comment(`${asked.join(' and ')} statements ran meanwhile`);
  while (sealing.seal(1000) > 0);
  t.match(await rows(counts), [{ n: added, ids: added, names: added }]);
  t.strictSame(readdirSync(join(folder, 'hunt/tail')), [], 'no file of the tail stays when all is sealed');
});

t.test('there are few files of the tail, however often somebody asks', async (t) => {
  const { add, folder, rows } = hunting(t);
  for (let i = 0; i < 100; i++) {
    await add(host, numbered(i));
    t.match(await rows('SELECT count(*) AS n FROM package.state'), [{ n: i + 1 }]);
  }
  t.ok(readdirSync(join(folder, 'hunt/tail')).length <= 10);
});

t.test('of the tail only what somebody names is encoded', async (t) => {
  const { add, folder, rows } = hunting(t);
  const files = () => readdirSync(join(folder, 'hunt/tail')).map((name) => name.replace(/^tail-\d+-/, ''));
  await add(host, numbered(1), numberedHigh(2));
  t.strictSame(await rows('SELECT count(*) AS n FROM package.state'), [{ n: 1 }]);
  t.strictSame(files(), ['package.state.parquet']);
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 2 }]);
  t.strictSame(files().sort(), ['account.change.parquet', 'package.state.parquet'], 'what there was stays');
  await add(host, numbered(3), numberedHigh(4));
  t.strictSame(await rows('SELECT event.index AS i FROM account.change ORDER BY event.sequence'), [
    { i: 1 },
    { i: 1 },
  ]);
});

t.test('what arrives after a statement is made ready for the next', async (t) => {
  const { add, folder, rows } = hunting(t);
  const files = () => readdirSync(join(folder, 'hunt/tail'), { recursive: true }).join();
  await add(host, numbered(1));
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 1 }]);
  const before = files();
  await add(host, ...Array.from({ length: 500 }, (_, n) => numbered(n + 2)));
  while (files() === before) await setTimeout(50);
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 501 }]);
});

t.test('retention in the middle of a statement takes what it takes, and breaks nothing', async (t) => {
  const { add, folder, rows } = hunting(t);
  const sealing = new Sealing(folder);
  t.teardown(() => sealing.close());
  for (let i = 0; i < 40; i++) {
    await add(host, numbered(i));
    sealing.seal(1);
  }
  for (let left = 40; left > 0; left -= 8) {
    const asking = rows('SELECT count(*) AS n FROM package.state');
    sealing.drop(8);
    const [{ n }] = (await asking) as [{ n: number }];
    t.ok(n === left || n === left - 8, `${n}`);
  }
});

t.test('files that cannot hold events of the range are not opened', async (t) => {
  const { add, folder, rows } = hunting(t);
  const sealing = new Sealing(folder);
  t.teardown(() => sealing.close());
  await add(host, numbered(1));
  sealing.seal(1);
  await add(host, numbered(5_000_000));
  sealing.seal(1);
  const [older] = readdirSync(join(folder, 'segments')).sort();
  writeFileSync(join(folder, 'segments', older as string), 'not a Parquet file');
  const since = 1_700_000_000_000_000 + 1_000_000;
  t.match(await rows('SELECT count(*) AS n FROM events', { since }), [{ n: 1 }]);
  await t.rejects(rows('SELECT count(*) AS n FROM events'), /hunt\./);
});

t.test('a file of before a field was declared has no value there', async (t) => {
  const { add, folder, rows } = hunting(t);
  const sealing = new Sealing(folder);
  t.teardown(() => sealing.close());
  const specs = [
    { name: 'time', form: 'time' },
    { name: 'host.id', form: 'string' },
    { name: 'package.name', form: 'string' },
    { name: 'field.of.the.future', form: 'string' },
  ] as const;
  const columns = specs.map(({ form }) => gather(form, 1));
  (columns[0] as GatheredNumbers).addOne(0, 1, 1_700_000_000_000_000);
  for (const [i, value] of [host, 'old', 'x'].entries())
    (columns[i + 1] as GatheredStrings).addOne(0, 1, value);
  const file = new ParquetFile(specs);
  const bytes = [...file.rowGroup(columns, Uint32Array.of(0)), ...file.finish({})];
  writeFileSync(join(folder, 'segments/old.parquet'), Buffer.concat(bytes));
  const db = new Database(join(folder, 'journal.db'));
  db.exec(`INSERT INTO segment (type, day, path, rows, size_bytes, min_time, max_time, sealed_at)
    VALUES ('package.state', 19675, 'old.parquet', 1, 0, 1700000000000000, 1700000000000000, 0)`);
  db.close();
  await add(host, numbered(7));
  const sql = 'SELECT package.name AS name, package.type AS type FROM package.state ORDER BY name';
  const expected = [
    { name: 'n7', type: 'test' },
    { name: 'old', type: null },
  ];
  t.strictSame(await rows(sql), expected);
  t.strictSame(await rows(sql.replace('FROM package.state', 'FROM events')), expected);
});

t.test('a batch the disk has changed is left out, and that is said', async (t) => {
  const { add, engine, folder } = hunting(t);
  await add(host, numbered(1));
  await add(host, numbered(2));
  const db = new Database(join(folder, 'journal.db'));
  db.exec(`UPDATE batch SET data = x'00' WHERE id = 1`);
  db.close();
  const request = {
    ...{ sql: 'SELECT package.name FROM events', parameters: {} },
    bounds: { maxRows: 10, timeoutMs: 60_000 },
  };
  const parts = [];
  for await (const part of engine.stream(request, 'arrays', new AbortController().signal)) parts.push(part);
  t.match(parts.at(-1), { part: 'end', rows: 1, damagedBatches: 1 });
});
