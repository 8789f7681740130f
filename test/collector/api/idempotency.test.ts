/** A request that is sent again is not done again. */
import t from 'tap';
import { startApi } from './start.ts';

t.test('the same key gives the same answer, and does nothing', async (t) => {
  const api = await startApi(t);
  const send = async (
    key: string | undefined,
    body: object,
    role: 'admin' | 'analyst' = 'admin',
    name = '',
  ) => {
    const headers = headersOf.get(role + name) ?? (await api.bearer(role));
    headersOf.set(role + name, headers);
    const answer = await fetch(`${api.baseUrl}/api/v1/enrolment-tokens`, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    });
    const { headers: own, status } = answer;
    return {
      status,
      replayed: own.get('idempotent-replayed'),
      json: (await answer.json()) as Record<string, unknown>,
    };
  };
  const headersOf = new Map<string, { authorization: string }>();
  const tokens = async () => (await api.deps.control.enrolment.list()).length;
  const first = await send('key-00000001', {});
  t.match(first, { status: 201, replayed: null });
  const again = await send('key-00000001', {});
  t.match(again, { status: 201, replayed: 'true', json: first.json });
  t.equal(await tokens(), 1);
  t.match(await send('key-00000001', { maxUses: 2 }), { status: 400, json: { code: 'api.invalid' } });
  t.match(
    await send('key-00000001', {}, 'admin', 'another'),
    { status: 201, replayed: null },
    'of another caller',
  );
  t.match(await send('key-00000002', {}), { status: 201, replayed: null });
  t.match(await send(undefined, {}), { status: 201, replayed: null });
  t.match(await send('short', {}), { status: 400 });
  t.match(await send('key with blanks', {}), { status: 400 });
  t.equal(await tokens(), 4);
  t.match(await send('key-00000003', { maxUses: -1 }), { status: 400 }, 'what fails is not remembered');
  t.match(await send('key-00000003', {}), { status: 201, replayed: null });
});

t.test('two at once are done once', async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let taken = 0;
  const api = await startApi(t, {
    intake: {
      async take(rows) {
        taken++;
        await held;
        return { ids: rows.map((_, i) => `e0000000000000a1:0000000000000000:1:${i}`) };
      },
      alertsOf: async () => [],
    },
  });
  const headers = { ...(await api.bearer('analyst')), 'content-type': 'application/json' };
  const send = () =>
    fetch(`${api.baseUrl}/api/logs`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'one-at-a-time' },
      body: JSON.stringify({ action: 'login' }),
    });
  const first = send();
  while (taken === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await send();
  t.match(await second.json(), { code: 'api.conflict', status: 409 });
  release();
  t.equal((await first).status, 201);
  t.equal((await send()).headers.get('idempotent-replayed'), 'true');
  t.equal(taken, 1);
});
