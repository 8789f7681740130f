/** The process of queries: whatever a query does ends with it, and the next one is answered all the same. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { QueryPart } from '#shared/query/bounds.ts';
import { maxWaiting, QueryProcess, type QueryRun } from '../../../agent/query/query-process.ts';
import { thisHost, usualBounds } from './query-host.ts';

const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
const whichProcess =
  "SELECT pid, nice FROM processes WHERE cmdline LIKE '%/agent/query/child.ts%' AND parent = ";

function start(t: Test) {
  const queries = new QueryProcess();
  t.teardown(() => queries.close());
  const rows: QueryPart['rows'][number][] = [];
  const ask = (sql: string, over: Partial<QueryRun> = {}) =>
    queries.run({
      sql,
      timeoutMs: 60_000,
      bounds: usualBounds,
      host: thisHost,
      async take(part) {
        rows.push(...(JSON.parse(Buffer.from(part).toString()) as QueryPart).rows);
      },
      ...over,
    });
  /** Id and niceness of the process that answers. */
  const itself = async () => {
    rows.length = 0;
    await ask(`${whichProcess}${process.pid}`);
    return rows.at(0);
  };
  return { queries, ask, rows, itself };
}

const isThere = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

t.test('answers, and is kept for the next query', { skip: process.platform !== 'linux' }, async (t) => {
  const { ask, rows, itself, queries } = start(t);
  t.match(await ask('SELECT 1 AS one'), { columns: ['one'], rows: 1 });
  t.same(rows, [[1]]);
  const first = await itself();
  t.equal(first?.[1], 5, 'what else runs goes before it');
  t.same(await itself(), first);
  await t.rejects(ask('SELECT nothing'), { code: 'query.invalid' });
  t.same(await itself(), first, 'a query that fails by itself costs no process');
  const both = await Promise.all([ask('SELECT 2'), ask('SELECT 3')]);
  t.same(
    both.map((end) => end.rows),
    [1, 1],
    'one after another',
  );
  queries.close();
  await t.rejects(ask('SELECT 1'), { code: 'query.failed' });
  while (isThere(Number(first?.[0]))) await sleep(20);
});

t.test(
  'is killed at the time limit, and the next query answered',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { ask, itself } = start(t);
    const before = await itself();
    await t.rejects(ask(endless, { timeoutMs: 300 }), { code: 'query.timed_out' });
    while (isThere(Number(before?.[0]))) await sleep(20);
    const after = await itself();
    t.ok(after !== undefined && after[0] !== before?.[0]);
  },
);

t.test('so many wait, and no more', { skip: process.platform !== 'linux' }, async (t) => {
  const { ask } = start(t);
  const outcome = (asked: Promise<unknown>) =>
    asked.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
  const codes = await Promise.all(Array.from({ length: maxWaiting + 1 }, () => outcome(ask('SELECT 1'))));
  t.equal(codes.filter((code) => code === 'done').length, maxWaiting);
  t.equal(codes.at(-1), 'query.busy');
  t.equal((await ask('SELECT 1')).rows, 1);
});

t.test('is killed when it takes too much memory', { skip: process.platform !== 'linux' }, async (t) => {
  const { ask, itself } = start(t);
  const much = `WITH RECURSIVE n(i, s) AS (SELECT 1, hex(randomblob(50000)) UNION ALL
    SELECT i + 1, hex(randomblob(50000)) FROM n) SELECT count(*) FROM (SELECT DISTINCT s FROM n)`;
  await t.rejects(ask(much), { code: 'query.too_large' });
  t.ok(await itself());
});

t.test(
  'ends when nobody wants the answer, or nobody takes it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { ask, itself } = start(t);
    const giveUp = new AbortController();
    const asked = ask(endless, { signal: giveUp.signal });
    setTimeout(() => giveUp.abort(), 300);
    await t.rejects(asked, { code: 'query.canceled' });
    await t.rejects(ask('SELECT 1', { take: () => Promise.reject(new Error('gone')) }), { message: 'gone' });
    await t.rejects(ask('SELECT 1', { signal: AbortSignal.abort() }));
    t.ok(await itself());
  },
);

t.test('the next part waits until the last is taken', { skip: process.platform !== 'linux' }, async (t) => {
  const { ask } = start(t);
  let open = 0;
  let most = 0;
  let parts = 0;
  const numbers =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n';
  await ask(numbers, {
    bounds: { ...usualBounds, partBytes: 1000 },
    async take() {
      parts++;
      most = Math.max(most, ++open);
      await sleep(5);
      open--;
    },
  });
  t.ok(parts > 5);
  t.equal(most, 1);
});

t.test(
  'a process that ends by itself is told, and replaced',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const { ask, itself } = start(t);
    const before = await itself();
    const asked = ask(endless);
    setTimeout(() => process.kill(Number(before?.[0]), 'SIGKILL'), 200);
    await t.rejects(asked, { code: 'query.failed' });
    t.not((await itself())?.[0], before?.[0]);
  },
);

t.test('knows nothing of the environment of the agent', { skip: process.platform !== 'linux' }, async (t) => {
  process.env['VEDETTE_TEST_SECRET'] = 'told to nobody';
  t.teardown(() => delete process.env['VEDETTE_TEST_SECRET']);
  const { itself } = start(t);
  const [pid] = (await itself()) ?? [];
  const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
  t.match(environ, /PATH=/);
  t.notMatch(environ, /told to nobody/);
});
