/** Hunts over the API: how rows leave, how they end, who may do what, and what is kept of it. */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { type RunningApi, startApi } from './start.ts';

const endless =
  'SELECT count(*) AS n FROM range(10000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 7';
type Headers = Record<string, string>;

function run(api: RunningApi, headers: Headers, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${api.baseUrl}/api/v1/hunts/run`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown> | unknown[]);

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}

t.test('rows with their columns, progress and end; an error in the middle is a line too', async (t) => {
  const api = await startApi(t);
  const viewer = await api.bearer('viewer');
  const answer = await run(api, viewer, {
    sql: 'SELECT range AS n, $word AS word FROM range(5000)',
    parameters: { word: 'a' },
  });
  t.match(answer.headers.get('content-type'), /^application\/x-ndjson/);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  const lines = linesOf(await answer.text());
  t.match(lines[0], { hunt: answer.headers.get('x-vedette-hunt') });
  const rows = lines.filter(Array.isArray);
  t.strictSame(rows[4999], [4999, 'a']);
  t.match(lines.at(-1), { end: { rows: 5000, isCut: false } });
  t.match(
    lines.find((line) => 'columns' in line),
    { columns: [{ name: 'n', type: 'BIGINT' }, { name: 'word' }] },
  );

  const sql = `SELECT CASE WHEN range = 900000 THEN 'odd' ELSE '1' END::INT AS n FROM range(1000000)`;
  const order = { sql, limit: 1_000_000 };
  const broken = linesOf(await (await run(api, viewer, order)).text());
  t.match(broken.at(-1), { error: { code: 'hunt.invalid', detail: /'odd'/ } });
  await t.rejects(
    run(api, viewer, { ...order, format: 'csv' }).then((answer) => answer.text()),
    'and breaks a form off that has no room for it',
  );
});

t.test('JSON lines, CSV and Parquet', async (t) => {
  const api = await startApi(t);
  const viewer = await api.bearer('viewer');
  const sql = `SELECT 1 AS a, 'x,"y"' AS b UNION ALL SELECT 2, NULL ORDER BY a`;
  const jsonl = await run(api, viewer, { sql, format: 'jsonl' });
  t.strictSame(linesOf(await jsonl.text()), [
    { a: 1, b: 'x,"y"' },
    { a: 2, b: null },
  ]);
  const csv = await run(api, viewer, { sql, format: 'csv' });
  t.match(csv.headers.get('content-type'), /^text\/csv/);
  t.equal(await csv.text(), 'a,b\r\n1,"x,""y"""\r\n2,\r\n');
  const parquet = await run(api, viewer, { sql, format: 'parquet' });
  const bytes = Buffer.from(await parquet.arrayBuffer());
  t.equal(bytes.subarray(0, 4).toString() + bytes.subarray(-4).toString(), 'PAR1PAR1');
  await until(() => readdirSync(`${api.huntFolder}/hunt/results`).length === 0);
  t.ok(existsSync(`${api.huntFolder}/hunt/results`));
});

t.test(
  'a hunt that nobody waits for any more is cancelled; one may cancel its own, an admin any',
  async (t) => {
    const api = await startApi(t);
    const viewer = await api.bearer('viewer');
    const running = () => api.deps.hunts.running();
    const leaving = new AbortController();
    const left = run(api, viewer, { sql: endless }, leaving.signal)
      .then((answer) => answer.text())
      .catch(() => 'left');
    await until(() => running().some(({ state }) => state === 'running'));
    leaving.abort();
    t.equal(await left, 'left');
    await until(() => running().length === 0);

    for (const [role, status] of [
      ['analyst', 403],
      ['viewer', 204],
      ['admin', 204],
    ] as const) {
      const answer = run(api, viewer, { sql: endless }).then((r) => r.text());
      await until(() => running().some(({ state }) => state === 'running'));
      const list = await fetch(`${api.baseUrl}/api/v1/hunts/running`, { headers: viewer });
      const { items } = (await list.json()) as { items: { id: string; by: string; name: null }[] };
      t.match(items, [{ by: 'viewer', name: null, state: 'running' }]);
      const cancel = await fetch(`${api.baseUrl}/api/v1/hunts/running/${items[0]?.id}`, {
        method: 'DELETE',
        headers: await api.bearer(role),
      });
      t.equal(cancel.status, status, role);
      if (status !== 204) api.deps.hunts.cancel(items[0]?.id as string);
      // A problem document where it was cancelled before the answer began, else the last line of it.
      const last = linesOf(await answer).at(-1) as { error?: object };
      t.match(last.error ?? last, { code: 'hunt.cancelled' });
      t.strictSame(running(), []);
    }
  },
);

t.test('two run, eight wait, others are refused; who waits can be cancelled', async (t) => {
  const api = await startApi(t);
  const viewer = await api.bearer('viewer');
  const answers = Array.from({ length: 10 }, () => run(api, viewer, { sql: endless }).then((r) => r.text()));
  await until(() => api.deps.hunts.running().length === 10);
  await until(() => api.deps.hunts.running().filter(({ state }) => state === 'running').length === 2);
  const refused = await run(api, viewer, { sql: 'SELECT 1' });
  t.equal(refused.status, 429);
  t.match(await refused.json(), { code: 'hunt.busy', retryable: true });
  for (const { id } of [...api.deps.hunts.running()].reverse()) api.deps.hunts.cancel(id);
  for (const answer of answers) t.match(await answer, 'hunt.cancelled');
  t.equal((await run(api, viewer, { sql: 'SELECT 1' })).status, 200);
});

t.test('saved hunts run by name, with values of their types; all of it is in the audit log', async (t) => {
  const api = await startApi(t);
  const analyst = await api.bearer('analyst');
  const parameters = [
    { name: 'least', type: 'int', doc: 'at least', default: '7' },
    { name: 'word', type: 'text' },
  ];
  const put = await fetch(`${api.baseUrl}/api/v1/hunts/mine`, {
    method: 'PUT',
    headers: { ...analyst, 'content-type': 'application/json' },
    body: JSON.stringify({ sql: 'SELECT $least + 1 AS n, $word AS word', title: 'Mine', parameters }),
  });
  t.match(await put.json(), {
    name: 'mine',
    isOurs: false,
    savedBy: 'analyst',
    parameters: [parameters[0], { default: null }],
  });
  const jsonl = async (given: object) =>
    linesOf(await (await run(api, analyst, { name: 'mine', parameters: given, format: 'jsonl' })).text());
  t.strictSame(await jsonl({ word: 'x' }), [{ n: 8, word: 'x' }]);
  t.strictSame(await jsonl({ word: 5, least: '1' }), [{ n: 2, word: '5' }]);
  t.match(await jsonl({}), [{ code: 'hunt.parameter', detail: /\$word must be given/ }]);
  await run(api, analyst, { sql: 'SELECT 42' }).then((answer) => answer.text());
  await fetch(`${api.baseUrl}/api/v1/hunts/mine`, { method: 'DELETE', headers: analyst });
  const log = await api.deps.control.audit.list({ actor: 'analyst' }, 100);
  t.match(log.items.map(({ action, target, detail }) => ({ action, target, detail })).reverse(), [
    { action: 'hunt.save', target: 'hunt mine', detail: { sql: /\$least/ } },
    { action: 'hunt.run', target: 'hunt mine', detail: { parameters: '{"least":7,"word":"x"}' } },
    { action: 'hunt.run', target: 'hunt mine' },
    { action: 'hunt.run', target: 'hunt', detail: { sql: 'SELECT 42' } },
    { action: 'hunt.remove', target: 'hunt mine' },
  ]);
  t.equal((await api.deps.control.audit.verify()).broken, null);
});
