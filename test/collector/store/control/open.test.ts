import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import t from 'tap';
import { openDatabase } from '../../../../collector/store/control/database.ts';
import { migrate } from '../../../../collector/store/control/migrate.ts';
import { migrations } from '../../../../collector/store/control/migrations/list.ts';
import { openControlStore } from '../../../../collector/store/control/open.ts';
import { newAlert } from './new-alert.ts';

t.test('the file is for its owner only and in WAL mode, durable or not', async (t) => {
  for (const [durable, level] of [
    [true, 2],
    [false, 1],
  ] as const) {
    const path = join(t.testdir(), `${level}.db`);
    const db = openDatabase(path, durable);
    t.equal(statSync(path).mode & 0o777, 0o600);
    t.same((await sql`pragma journal_mode`.execute(db)).rows, [{ journal_mode: 'wal' }]);
    t.same((await sql`pragma synchronous`.execute(db)).rows, [{ synchronous: level }]);
    t.same((await sql`pragma foreign_keys`.execute(db)).rows, [{ foreign_keys: 1 }]);
    await db.destroy();
  }
});

t.test('what is not a database, is damaged or cannot be read is said so', async (t) => {
  const dir = t.testdir();
  const garbage = join(dir, 'garbage.db');
  writeFileSync(garbage, 'this is no database, it only looks like a file of some length'.repeat(100));
  await t.rejects(openControlStore(garbage, { durable: true }), { code: 'data.corrupt' });

  const damaged = join(dir, 'damaged.db');
  const store = await openControlStore(damaged, { durable: true });
  await store.detection.commit(
    1,
    Array.from({ length: 200 }, (_, i) => newAlert(`a${i}`)),
  );
  await store.close();
  const bytes = readFileSync(damaged);
  bytes.fill(0xa5, 4096 * 3, 4096 * 20);
  writeFileSync(damaged, bytes);
  await t.rejects(openControlStore(damaged, { durable: true }), { code: 'data.corrupt' });

  mkdirSync(join(dir, 'folder.db'));
  await t.rejects(openControlStore(join(dir, 'folder.db'), { durable: true }), { code: 'data.unreadable' });
  await t.rejects(openControlStore(join(dir, 'none', 'control.db'), { durable: true }), {
    code: 'data.unreadable',
  });
});

t.test('a database of a newer version is left alone', async (t) => {
  const path = join(t.testdir(), 'control.db');
  const db = openDatabase(path, true);
  const future = { name: 'future', up: async () => {} };
  await migrate(db, path, [...migrations, future]);
  await db.destroy();
  const before = readFileSync(path);
  await t.rejects(openControlStore(path, { durable: true }), { code: 'data.schema_newer' });
  t.same(readFileSync(path), before);
});

t.test('hosts and tokens of release 0.1.0 go on as they were', async (t) => {
  const path = join(t.testdir(), 'control.db');
  const db = openDatabase(path, true);
  await migrate(db, path, migrations.slice(0, 2));
  await sql`insert into host (id, hostname, os, enrolled_at, connected) values ('h1', 'web-1', 'linux', 5, 0)`.execute(
    db,
  );
  await sql`insert into enrolment_token (id, secret_hash, created_at, expires_at, uses, max_uses)
    values ('t1', 'hash', 1, 100, 0, 1)`.execute(db);
  await db.destroy();
  const store = await openControlStore(path, { durable: true });
  t.teardown(() => store.close());
  t.match(await store.hosts.get('h1'), { hostname: 'web-1', state: 'active' });
  t.match(await store.enrolment.find('hash'), { hostPattern: null, revokedAt: null });
  t.equal(await store.enrolment.take('hash', 50), true);
});

t.test('a migration that fails leaves the schema as it was', async (t) => {
  const path = join(t.testdir(), 'control.db');
  const db = openDatabase(path, true);
  t.teardown(() => db.destroy());
  const broken = {
    name: 'broken',
    up: async (tx: Parameters<(typeof migrations)[0]['up']>[0]) => {
      await tx.schema.createTable('half').addColumn('id', 'integer').execute();
      throw new Error('half way');
    },
  };
  await t.rejects(migrate(db, path, [...migrations, broken]), /half way/);
  t.same((await sql`select name from sqlite_master where type = 'table'`.execute(db)).rows, []);
  await migrate(db, path);
  t.same(
    await db.selectFrom('migration').select('name').orderBy('number').execute(),
    migrations.map(({ name }) => ({ name })),
  );
});

t.test('threads that open and write at the same time wait for one another', async (t) => {
  const path = join(t.testdir(), 'control.db');
  const script = new URL('./commit-worker.ts', import.meta.url);
  const run = (offset: number) =>
    new Promise<number>((resolve, reject) => {
      const worker = new Worker(script, { workerData: { path, offset, commits: 30 } });
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  const committed = await Promise.all([run(1), run(2)]);
  const store = await openControlStore(path, { durable: false });
  t.teardown(() => store.close());
  t.equal((await store.alerts.get('shared'))?.count, committed[0]! + committed[1]!);
  t.ok((await store.detection.cursor()) >= 59);
});

t.test('alerts of before they had entities stay as they are, and correlations go on', async (t) => {
  const path = join(t.testdir(), 'control.db');
  const old = openDatabase(path, false);
  await migrate(old, path, migrations.slice(0, 10));
  const row = {
    ...{
      id: 'old',
      rule_id: 'r',
      rule_title: 'R',
      level: 'high',
      host_id: 'h',
      host_name: 'n',
      status: 'open',
    },
    ...{ raised_at: 1, first_event_at: 100, last_event_at: 200, count: 5, tags: '[]', reason: 'why' },
    ...{ matches: '[]', event_ids: '["e"]', event: '{"type":"login","time":100}', central_count: 5 },
    ...{ edge_count: 5, group_key: 'group', twin_id: 'other' },
  };
  await old
    .insertInto('alert')
    .values(row as never)
    .execute();
  await old.destroy();
  const control = await openControlStore(path, { durable: false });
  t.teardown(() => control.close());
  t.match(await control.alerts.get('old'), {
    ...{ key: 'group', count: 5, confidence: 60, confidenceReason: '', response: null, entity: {} },
    ...{ samples: [], storyId: null, tree: null, previousId: null },
  });
  t.same(await control.stories.unplaced(10), [], 'they are put into no stories');
  await control.detection.commit(1, [
    newAlert('new', { key: 'group', ruleId: 'r', firstEventAt: 300, lastEventAt: 300 }),
  ]);
  t.match(await control.alerts.get('old'), { count: 6, lastEventAt: 300 });
});
