/** What SQL of strangers must not do: reach anything but events, or keep the collector from its work. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { numbered } from '../../../events.ts';
import { collect, host, hunting, requestOf } from './hunting.ts';

const never = new AbortController().signal;

t.test('nothing but stored events can be read, and nothing be written or changed', async (t) => {
  const { add, folder, refusal, rows } = hunting(t);
  await add(host, numbered(1));
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 1 }]);
  const tail = readdirSync(join(folder, 'hunt/tail')).map((name) => join(folder, 'hunt/tail', name));
  t.ok(tail.length > 0);
  const out = join(folder, 'hunt/results/evil');
  const reads = [
    `SELECT * FROM read_csv('/etc/passwd')`,
    `SELECT * FROM '/etc/passwd'`,
    `SELECT * FROM "/etc/passwd"`,
    `SELECT * FROM read_text('/etc/passwd')`,
    `SELECT * FROM read_blob('/etc/shadow')`,
    `SELECT * FROM read_json('http://127.0.0.1/x')`,
    `SELECT * FROM 'http://127.0.0.1/x.parquet'`,
    `SELECT * FROM glob('/etc/*')`,
    `SELECT * FROM read_parquet('${tail[0]}')`,
    `SELECT * FROM '${tail[0]}'`,
    `SELECT * FROM parquet_schema('${tail[0]}')`,
    `SELECT * FROM sniff_csv('/etc/passwd')`,
    `SELECT * FROM query('SELECT * FROM read_csv(''/etc/passwd'')')`,
    `SELECT * FROM query_table('events')`,
    `SELECT (SELECT content FROM read_text('/etc/passwd'))`,
    `WITH x AS (FROM read_text('/etc/passwd')) SELECT * FROM x`,
    `SELECT * FROM events WHERE package.name IN (SELECT content FROM read_text('/etc/passwd'))`,
    `SELECT * FROM events, LATERAL (SELECT * FROM read_text('/etc/passwd'))`,
    `SELECT getenv('PATH')`,
    `SELECT current_setting('allowed_directories')`,
    `SELECT * FROM duckdb_settings()`,
    `SELECT * FROM duckdb_secrets()`,
    `SELECT * FROM pragma_database_list`,
    `SELECT * FROM information_schema.tables`,
    `SELECT * FROM json_execute_serialized_sql('{}')`,
    `EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')`,
    `DESCRIBE SELECT * FROM read_text('/etc/passwd')`,
    `SUMMARIZE '/etc/passwd'`,
  ];
  const writes = [
    `COPY (SELECT 1) TO '${out}'`,
    `COPY events TO '${out}'`,
    `EXPLAIN ANALYZE COPY (SELECT 1) TO '${out}'`,
    `EXPORT DATABASE '${out}'`,
    `ATTACH '${out}'`,
    `CREATE TABLE x AS SELECT 1`,
    `CREATE OR REPLACE TEMP VIEW "process.start" AS SELECT 1`,
    `CREATE MACRO f() AS 1`,
    `CREATE SECRET (TYPE s3)`,
    `DROP VIEW events`,
    `INSERT INTO events SELECT * FROM events`,
    `INSTALL httpfs`,
    `LOAD httpfs`,
    `SET threads = 1`,
    `RESET threads`,
    `PRAGMA database_list`,
    `PRAGMA enable_profiling`,
    `CALL pragma_version()`,
    `CHECKPOINT`,
    `BEGIN`,
    `PREPARE p AS SELECT 1`,
    `EXECUTE p`,
    `USE memory`,
    `SELECT 1; SELECT 2`,
    `SELECT 1; COPY (SELECT 1) TO '${out}'`,
    `SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '${out}')`,
    `SELECT * FROM checkpoint()`,
    `SELECT * FROM force_checkpoint()`,
    `SELECT write_log('x')`,
    `SELECT 1) TO '${out}' (FORMAT csv); --`,
    '',
    ';',
  ];
  for (const sql of [...reads, ...writes]) {
    const { code } = await refusal(sql);
    t.match(code, /^hunt\.(refused|unknown_name|invalid)$/, sql);
  }
  t.notOk(existsSync(out));
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 1 }], 'and it goes on');
});

t.test('the process is given nothing of our environment', async (t) => {
  process.env['VEDETTE_TEST_SECRET'] = 'hidden';
  const { engine, rows } = hunting(t);
  await rows('SELECT 1');
  const environment = readFileSync(`/proc/${engine.pid}/environ`, 'utf8');
  t.match(environment, 'UV_THREADPOOL_SIZE');
  t.notMatch(environment, 'VEDETTE_TEST_SECRET');
});

t.test('statements without end end at their time, and others are served meanwhile', async (t) => {
  const { add, rows, refusal } = hunting(t);
  await add(host, numbered(1));
  const bounds = { maxRows: 1000, timeoutMs: 1500 };
  const endless = [
    'SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7',
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r',
    'SELECT sum(length(sha256(a.range::VARCHAR || b.range))) FROM range(100000000) a, range(100000) b',
  ];
  const ended = Promise.all(endless.map((sql) => refusal(sql, { bounds })));
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 1 }]);
  for (const { code, detail } of await ended) {
    t.equal(code, 'hunt.limit');
    t.match(detail, /longer than 1\.5 s/);
  }
});

t.test('memory has a bound, also where one value is huge', async (t) => {
  const { rows, refusal } = hunting(t, 128 * 1024 ** 2);
  const sorted = 'SELECT a.range::VARCHAR AS x FROM range(100000000) a ORDER BY sha256(x)';
  t.match(await refusal(sorted), { code: 'hunt.limit' });
  for (const sql of [
    `SELECT length(repeat('x', 4000000000))`,
    `SELECT repeat('x', 3000000000) AS x`,
    `SELECT count(DISTINCT repeat('x' || a.range, 100000000)) FROM range(1000) a`,
  ])
    t.match((await refusal(sql)).code, /^hunt\.(limit|invalid|failed)$/, sql);
  t.strictSame(await rows('SELECT 1 AS one'), [{ one: 1 }], 'and it goes on, in a new process if need be');
});

t.test('a result that is too large ends; one row that is too long does too', async (t) => {
  const { engine } = hunting(t);
  await t.rejects(engine.query(`SELECT repeat('x', 1000000) FROM range(1000)`), { code: 'hunt.limit' });
});

t.test('a cancelled statement ends and frees its place', async (t) => {
  const { engine, rows } = hunting(t);
  const endless =
    'SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7';
  for (let i = 0; i < 3; i++) {
    const ways = Array.from({ length: 6 }, () => new AbortController());
    const runs = ways.map(({ signal }) => collect(engine.stream(requestOf(endless), 'arrays', signal)));
    const ends = Promise.allSettled(runs);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const way of ways) way.abort();
    for (const end of await ends) t.match(end, { status: 'rejected', reason: { code: 'hunt.cancelled' } });
  }
  t.strictSame(await rows('SELECT 1 AS one'), [{ one: 1 }]);
});

t.test('whoever stops reading in the middle frees the place', async (t) => {
  const { engine, rows } = hunting(t);
  for (let i = 0; i < 10; i++) {
    const request = requestOf('SELECT * FROM range(10000000)', {
      bounds: { maxRows: 1e9, timeoutMs: 60_000 },
    });
    for await (const part of engine.stream(request, 'arrays', never)) if (part.part === 'text') break;
  }
  t.strictSame(await rows('SELECT 1 AS one'), [{ one: 1 }]);
});

t.test('one that is read slowly ends at its time and disturbs nobody', async (t) => {
  const { engine, rows } = hunting(t);
  const request = requestOf('SELECT * FROM range(10000000)', { bounds: { maxRows: 1e9, timeoutMs: 1000 } });
  const parts = engine.stream(request, 'arrays', never);
  await parts.next();
  await parts.next();
  const before = engine.pid;
  await new Promise((resolve) => setTimeout(resolve, 7000));
  await t.rejects(
    async () => {
      for (;;) if ((await parts.next()).done) return;
    },
    { code: 'hunt.limit' },
  );
  await rows('SELECT 1');
  t.equal(engine.pid, before, 'the process is the same');
});

t.test('a process that dies fails what ran and is started again', async (t) => {
  const { add, engine, rows, refusal } = hunting(t);
  await add(host, numbered(1));
  await rows('SELECT 1');
  const running = refusal(
    'SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7',
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.kill(engine.pid as number, 'SIGKILL');
  t.match(await running, { code: 'hunt.failed' });
  t.strictSame(await rows('SELECT count(*) AS n FROM events'), [{ n: 1 }]);
});

t.test('more than may wait are refused at once', async (t) => {
  const { engine } = hunting(t);
  const way = new AbortController();
  const endless =
    'SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7';
  const runs = Array.from({ length: 69 }, () =>
    collect(engine.stream(requestOf(endless), 'arrays', way.signal)),
  );
  await t.rejects(runs[68] as Promise<unknown>, { code: 'hunt.busy' });
  const ends = Promise.allSettled(runs);
  way.abort();
  t.ok((await ends).every(({ status }) => status === 'rejected'));
});
