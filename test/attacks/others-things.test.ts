/** IDOR: naming another's thing by its id gets one no further than naming one that is not there. */
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { userPage } from './signed-in.ts';

t.test("another's sessions, tokens, account, hunts and backtests", async (t) => {
  const api = await startApi(t);
  const ada = await userPage(api, 'ada', 'admin');
  const eve = await userPage(api, 'eve', 'responder');
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
    const answer = await fetch(`${api.baseUrl}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  const [session] = (await ask('GET', '/sessions', ada)).json.items;
  const { token } = (await ask('POST', '/tokens', ada, { name: 'adas' })).json;
  const { user } = (await ask('GET', '/session', ada)).json;
  const hunt = await api.deps.hunts.stream(
    {
      ...{ sql: 'SELECT * FROM range(1000000000)', parameters: {}, by: 'ada' },
      ...{ maxRows: 1e9, timeoutMs: 600_000, signal: new AbortController().signal },
    },
    'arrays',
  );
  t.teardown(() => hunt.parts.return(undefined));
  const backtest = await api.deps.backtests.start(
    {
      ...{ rules: [{ file: 'a.yml', text: 'title: nothing' }], pipelines: [], builtIn: [], lists: [] },
      ...{ since: 0, until: 1, hosts: [], compare: false, watched: [] },
    },
    'ada',
  );
  // Else a responder could end an admin's session, take their token away, or stop their work.
  const tries: [string, string, number, unknown?][] = [
    ['DELETE', `/sessions/${session.id}`, 404],
    ['DELETE', `/tokens/${token.id}`, 404],
    ['DELETE', `/tokens/${session.id}`, 404],
    ['DELETE', `/sessions/${token.id}`, 404],
    ['GET', `/users/${user.id}`, 403],
    ['PATCH', `/users/${user.id}`, 403, { role: 'viewer' }],
    ['POST', `/users/${user.id}/sign-in-link`, 403],
    ['DELETE', `/users/${user.id}/second-factor`, 403],
    ['GET', '/sessions?all=true', 403],
    ['GET', '/tokens?all=true', 403],
    ['DELETE', `/hunts/running/${hunt.id}`, 403],
    ['DELETE', `/backtests/${backtest.id}`, 403],
  ];
  for (const [method, path, status, body] of tries)
    t.match(await ask(method, path, eve, body), { status }, `${method} ${path}`);
  const own = (await ask('GET', '/sessions', eve)).json.items as { userName: string }[];
  t.same(new Set(own.map(({ userName }) => userName)), new Set(['eve']));
  t.same((await ask('GET', '/tokens', eve)).json.items, []);
  t.equal((await ask('GET', '/session', ada)).status, 200, 'nothing of it happened');
  t.match((await ask('GET', '/tokens', ada)).json.items, [{ id: token.id }]);
  t.ok(api.deps.hunts.running().some(({ id }) => id === hunt.id));

  t.test('mass assignment: fields that are not for the caller to set', async (t) => {
    for (const [method, path, body] of [
      ['POST', '/tokens', { name: 'x', role: 'admin' }],
      ['POST', '/tokens', { name: 'x', userId: user.id }],
      ['POST', '/tokens', { name: 'x', scopes: ['read'], kind: 'service' }],
      ['PUT', '/account/password', { next: 'nine otters under the bridge', user: user.id }],
    ] as const)
      t.match(await ask(method, path, eve, body), { status: 400, json: { code: 'api.invalid' } });
  });
});
