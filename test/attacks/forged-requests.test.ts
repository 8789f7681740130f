/** Other sites, and other users' cookies: what they make a signed-in browser send must do nothing. */
import t from 'tap';
import { WebSocket } from 'ws';
import { startApi } from '../collector/api/start.ts';
import { password, routesOf, userPage } from './signed-in.ts';

t.test('CSRF: no changing route does what a page of another site asks of it', async (t) => {
  const api = await startApi(t);
  const { cookie = '', origin = '' } = await userPage(api, 'ada', 'admin');
  const own = { cookie, origin, 'x-vedette-request': '1' };
  // Else a page that an operator looks at could add a user, push rules or stop an agent in their name.
  const forged: Record<string, Record<string, string>> = {
    'a form of another site': { cookie, origin: 'https://evil.example', 'content-type': 'text/plain' },
    'a page of another port': { ...own, origin: 'http://127.0.0.1:1' },
    'a frame without an origin': { ...own, origin: 'null' },
    'a page of a sibling domain': { ...own, 'sec-fetch-site': 'same-site' },
    'no origin at all': { cookie, 'x-vedette-request': '1' },
    'without the header that needs a preflight': { cookie, origin },
  };
  const graphql = { method: 'POST', path: '/graphql', permission: 'read', body: undefined };
  const changing = [...(await routesOf(api)), graphql].filter(
    ({ method, permission }) => method !== 'GET' && permission !== undefined,
  );
  t.ok(changing.length > 40);
  for (const [name, headers] of Object.entries(forged))
    for (const { method, path } of changing) {
      const answer = await fetch(`${api.baseUrl}${path}`, { method, headers });
      const { code } = (await answer.json()) as { code: string };
      if (answer.status !== 403 || code !== 'api.cross_site')
        t.fail(`${name}: ${method} ${path}: ${answer.status}`);
    }
  const still = await fetch(`${api.baseUrl}/api/v1/session`, { headers: { cookie } });
  t.equal(still.status, 200, 'not even signed out');
  const preflight = await fetch(`${api.baseUrl}/api/v1/users`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  t.equal(preflight.headers.get('access-control-allow-origin'), null, 'no preflight is granted');
});

t.test('CSRF: another site cannot sign somebody in as the attacker, nor listen to the feed', async (t) => {
  const api = await startApi(t);
  const { cookie = '' } = await userPage(api, 'ada', 'admin');
  const answer = await fetch(`${api.baseUrl}/api/v1/session`, {
    method: 'POST',
    headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'ada', password }),
  });
  t.match(await answer.json(), { code: 'api.cross_site' });
  t.equal(answer.headers.get('set-cookie'), null);
  // Cross-site WebSocket hijacking: a handshake is no fetch, and no preflight asks for it.
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/api/v1/feed`, {
    headers: { cookie },
    origin: 'https://evil.example',
  });
  const status = await new Promise((resolve) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => resolve('open'));
    socket.once('error', () => undefined);
  });
  t.equal(status, 403);
});

t.test(
  'session fixation: a session that an attacker knows is never the one a user signs in to',
  async (t) => {
    const api = await startApi(t);
    await userPage(api, 'ada');
    const planted = 'p'.repeat(43);
    const answer = await fetch(`${api.baseUrl}/api/v1/session`, {
      method: 'POST',
      headers: { cookie: `vedette_session=${planted}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'ada', password }),
    });
    t.equal(answer.status, 201);
    const set = answer.headers.getSetCookie().find((one) => one.startsWith('vedette_session=')) ?? '';
    t.notMatch(set, planted);
    const asPlanted = await fetch(`${api.baseUrl}/api/v1/session`, {
      headers: { cookie: `vedette_session=${planted}` },
    });
    t.equal(asPlanted.status, 401);
  },
);

t.test('cookie tossing: over TLS only the cookie that no other host can set counts', async (t) => {
  const api = await startApi(t, { publicUrl: 'https://edr.example' });
  const { cookie = '' } = await userPage(api, 'ada');
  const secret = cookie.split('=')[1];
  const ask = async (given: string) =>
    (await fetch(`${api.baseUrl}/api/v1/session`, { headers: { cookie: given } })).status;
  t.equal(await ask(`__Host-vedette_session=${secret}`), 200);
  // A sibling domain can set a cookie of this name for us; one with the prefix it cannot.
  t.equal(await ask(`vedette_session=${secret}`), 401);
  t.equal(await ask(`vedette_session=${secret}; __Host-vedette_session=wrong`), 401);
});
