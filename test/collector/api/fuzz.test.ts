/** Requests made of chance at every operation: refused or answered, never a failure. More of them: scripts/fuzz-api.ts. */
import t from 'tap';
import { randomOf } from '../../../scripts/bench/sample-events.ts';
import { type OpenApi, requester } from '../../../scripts/fuzz-api/requests.ts';
import { newAlert } from '../store/control/new-alert.ts';
import { startApi, storedEvent } from './start.ts';

t.test('numbers beyond all bounds and nesting without end', async (t) => {
  const api = await startApi(t);
  const headers = { ...(await api.bearer('admin')), 'content-type': 'application/json' };
  for (const path of ['/api/v1/alerts?limit=1e309', '/api/threats?limit=-1e999', '/api/logs?limit=1e400']) {
    const answer = await fetch(`${api.baseUrl}${path}`, { headers });
    t.match(await answer.json(), { status: 400, code: 'api.invalid' }, path);
  }
  for (const content of [
    '{"a":1e999}',
    '['.repeat(20_000) + ']'.repeat(20_000),
    `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
  ]) {
    const answer = await fetch(`${api.baseUrl}/api/ingest`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'deep-and-wide' },
      body: `{"content":{"x":${content}}}`,
    });
    t.match(await answer.json(), { status: 400, code: 'api.invalid' });
  }
});

t.test('requests made of chance', async (t) => {
  const api = await startApi(t);
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  await api.deps.control.detection.commit(1, [newAlert('a1')]);
  api.events.events.push(storedEvent(0));
  const bearer = await api.bearer('admin');
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const answer = await api.app.inject({ url: '/api/v1/openapi.json', headers: bearer });
  const next = requester(answer.json<OpenApi>(), randomOf(seed), ['h1', 'a1', 'h1:s1:0:0']);
  const operations = new Set<string>();
  let answered = 0;
  for (let i = 0; i < 1_500; i++) {
    const { method, path, headers, body, operation } = next();
    const { statusCode, payload } = await api.app.inject({
      ...{ method: method as 'GET', url: path, headers: { ...bearer, ...headers } },
      ...(body !== undefined && method !== 'GET' && { payload: Buffer.from(body as string) }),
    });
    operations.add(operation);
    if (statusCode < 400) answered++;
    else {
      const problem = JSON.parse(payload) as { code: string; status: number; retryable: boolean };
      // What waits for a thread that is busy says so.
      if (statusCode !== 503 || !problem.retryable)
        t.ok(statusCode < 500 && problem.status === statusCode, `${operation} ${path} ${body}: ${payload}`);
    }
  }
  t.ok(
    operations.size > 60 && answered > 100,
    `${operations.size} operations, ${answered} answered as asked`,
  );
});
