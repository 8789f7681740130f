/** Getting in, staying out: the sign-in exchange, cookies, forged requests, headers. */
import t, { type Test } from 'tap';
import { type RunningApi, startApi } from './start.ts';

const secretOf = (url: string) => new URL(url).hash.slice('#sign-in='.length);

async function post(
  api: RunningApi,
  path: string,
  headers: Record<string, string>,
  body: unknown,
  method = 'POST',
) {
  return await fetch(`${api.baseUrl}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function signedIn(t: Test, api: RunningApi) {
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl, { name: 'ada', role: 'admin' });
  const answer = await post(api, '/session', { origin: api.baseUrl }, { secret: secretOf(url) });
  t.equal(answer.status, 201);
  const set = answer.headers.get('set-cookie') ?? '';
  return { set, cookie: set.split(';')[0] ?? '', secret: secretOf(url) };
}

t.test('a link becomes a session, once', async (t) => {
  const api = await startApi(t);
  const { set, cookie, secret } = await signedIn(t, api);
  t.match(
    set,
    /^vedette_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict, vedette_device=[\w-]{43};/,
  );
  const me = await fetch(`${api.baseUrl}/api/v1/session`, { headers: { cookie } });
  t.match(await me.json(), { name: 'ada', role: 'admin', kind: 'session', permissions: ['read', 'triage'] });
  const again = await post(api, '/session', {}, { secret });
  t.equal(again.status, 401);
  t.match(await again.json(), { code: 'api.sign_in_refused' });
  t.equal(again.headers.get('set-cookie'), null);
});

t.test('signing out ends the session at once', async (t) => {
  const api = await startApi(t);
  const { cookie } = await signedIn(t, api);
  const own = { cookie, origin: api.baseUrl, 'x-vedette-request': '1' };
  const out = await fetch(`${api.baseUrl}/api/v1/session`, { method: 'DELETE', headers: own });
  t.equal(out.status, 204);
  t.match(out.headers.get('set-cookie'), /vedette_session=; .*Expires=Thu, 01 Jan 1970/);
  t.equal((await fetch(`${api.baseUrl}/api/v1/session`, { headers: { cookie } })).status, 401);
});

t.test('requests forged by other sites are refused', async (t) => {
  const api = await startApi(t);
  const { cookie } = await signedIn(t, api);
  const header = { 'x-vedette-request': '1' };
  const forged: Record<string, string>[] = [
    { cookie },
    { cookie, ...header },
    { cookie, origin: api.baseUrl },
    { cookie, ...header, origin: 'https://evil.example' },
    { cookie, ...header, origin: 'null' },
    { cookie, ...header, origin: api.baseUrl, 'sec-fetch-site': 'cross-site' },
    { cookie, ...header, origin: api.baseUrl, 'sec-fetch-site': 'same-site' },
    { cookie, ...header, origin: 'http://127.0.0.1:1' },
  ];
  for (const headers of forged) {
    const answer = await post(api, '/sign-in-links', headers, {});
    t.equal(answer.status, 403, JSON.stringify(headers));
    t.match(await answer.json(), { code: 'api.cross_site' });
  }
  const own = { cookie, ...header, origin: api.baseUrl, 'sec-fetch-site': 'same-origin' };
  t.equal((await post(api, '/sign-in-links', own, {})).status, 201);
  const login = await post(api, '/session', { origin: 'https://evil.example' }, { secret: 'x' });
  t.match(await login.json(), { code: 'api.cross_site' }, 'nor may another site sign somebody in');
});

t.test('a wrong token is not made up for by a cookie', async (t) => {
  const api = await startApi(t);
  const { cookie } = await signedIn(t, api);
  const headers = { cookie, authorization: 'Bearer wrong' };
  t.equal((await fetch(`${api.baseUrl}/api/v1/status`, { headers })).status, 401);
});

t.test('sign-in attempts are limited', async (t) => {
  const api = await startApi(t);
  const statuses: number[] = [];
  for (let i = 0; i < 24; i++)
    statuses.push((await post(api, '/session', {}, { secret: `guess-${i}` })).status);
  t.same(statuses, [...Array(21).fill(401), 429, 429, 429]);
  const limited = await post(api, '/session', {}, { secret: 'x' });
  t.match(await limited.json(), { code: 'api.too_many_requests' });
  t.ok(Number(limited.headers.get('retry-after')) > 0);
});

t.test('nothing but health is open, and it says little', async (t) => {
  const api = await startApi(t);
  const health = await fetch(`${api.baseUrl}/health`);
  const { checks, ...rest } = (await health.json()) as { checks: object[] };
  t.same(rest, { status: 'ok' });
  for (const check of checks) t.same(Object.keys(check), ['name', 'status']);
  t.equal((await fetch(`${api.baseUrl}/api/v1/openapi.json`)).status, 401);
  const nowhere = await fetch(`${api.baseUrl}/api/v1/nowhere?secret=1`);
  t.equal(nowhere.status, 404);
  t.match(await nowhere.json(), { code: 'api.not_found', detail: 'There is no GET /api/v1/nowhere.' });
});

t.test('every answer forbids framing, sniffing and foreign scripts', async (t) => {
  const api = await startApi(t);
  for (const path of ['/health', '/api/v1/status', '/nowhere']) {
    const { headers } = await fetch(`${api.baseUrl}${path}`);
    const policy = headers.get('content-security-policy') ?? '';
    t.match(policy, /default-src 'none'/);
    t.match(policy, /script-src 'self'(;|$)/);
    t.match(policy, /connect-src 'self'/);
    t.match(policy, /frame-ancestors 'none'/);
    t.notMatch(policy, /unsafe|http:|\*/);
    t.equal(headers.get('x-content-type-options'), 'nosniff');
    t.equal(headers.get('referrer-policy'), 'no-referrer');
    t.equal(headers.get('strict-transport-security'), null, 'not over plain HTTP');
  }
});

t.test('no secret reaches the log', async (t) => {
  const api = await startApi(t);
  const { cookie, secret } = await signedIn(t, api);
  await post(api, '/session', {}, { secret });
  await fetch(`${api.baseUrl}/api/v1/session`, { headers: { cookie } });
  const audit = await api.deps.control.audit.list({}, 100);
  const log = JSON.stringify([api.log, audit]);
  t.match(log, /session.refuse/);
  t.notOk(log.includes(secret));
  t.notOk(log.includes(cookie.split('=')[1] ?? 'none'));
});

t.test('a failure inside is a problem without its innards, and is logged', async (t) => {
  const api = await startApi(t, { status: () => Promise.reject(new Error('secret path /etc/x')) });
  const answer = await fetch(`${api.baseUrl}/api/v1/status`, { headers: await api.bearer('viewer') });
  t.equal(answer.status, 500);
  const sent = await answer.text();
  t.match(JSON.parse(sent), { code: 'api.internal', status: 500 });
  t.notMatch(sent, /etc/);
  t.match(api.log.join('\n'), /secret path/);
});
