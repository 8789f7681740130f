/** What is wrong below HTTP, or between a proxy and us. */
import { connect } from 'node:net';
import t from 'tap';
import { startApi } from '../collector/api/start.ts';
import { sendRaw, statusesIn, userPage } from './signed-in.ts';

t.test('slowloris: headers, bodies and handshakes that never end are ended', async (t) => {
  const api = await startApi(t);
  const { authorization } = await api.bearer('admin');
  const { hostname, port, host } = new URL(api.baseUrl);
  /** Sends the beginning, then a byte each second as long as it may; gives the seconds until it was ended. */
  const drip = (beginning: string, more: string) =>
    new Promise<number>((resolve) => {
      const at = performance.now();
      const socket = connect(Number(port), hostname, () => socket.write(beginning));
      const timer = setInterval(() => socket.write(more), 1000);
      socket.on('data', () => undefined);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(timer);
        resolve((performance.now() - at) / 1000);
      });
    });
  // Else a few thousand such connections, from one machine, keep everybody else out.
  const [headers = 0, body = 0, handshake = 0] = await Promise.all([
    drip(`GET /health HTTP/1.1\r\nHost: ${host}\r\n`, 'X: y\r\n'),
    drip(
      `POST /api/v1/users HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
      ' ',
    ),
    drip(
      `GET /api/v1/feed HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
      'X: y\r\n',
    ),
  ]);
  t.comment(`ended after ${headers.toFixed(1)}, ${body.toFixed(1)} and ${handshake.toFixed(1)} s`);
  for (const [name, seconds] of Object.entries({ headers, body, handshake }))
    t.ok(seconds > 5 && seconds < 60, `${name}: ${seconds} s`);
});

t.test('request smuggling: a request whose length is told in two ways ends its connection', async (t) => {
  const api = await startApi(t);
  const { host } = new URL(api.baseUrl);
  const smuggled = `GET /api/v1/session HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const head = `POST /api/v1/session HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
  const attempts: Record<string, string> = {
    'both lengths': `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `${head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${smuggled}`,
    'an encoding in disguise': `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'chunked, not last': `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    'a space before the colon': `${head}Content-Length : 4\r\n\r\n0\r\n\r\n${smuggled}`,
    'a folded header': `${head}X: y\r\n Content-Length: 4\r\nContent-Length: 2\r\n\r\n{}${smuggled}`,
    'a chunk size that is none': `${head}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n${smuggled}`,
    'a bare line feed': `${head}Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n${smuggled}`,
  };
  for (const [name, bytes] of Object.entries(attempts)) {
    // Were what follows answered too, a proxy that reads the length otherwise would give that answer to somebody else.
    const statuses = statusesIn(await sendRaw(api.baseUrl, bytes, 3000));
    t.same(statuses, [400], name);
  }
});

t.test('host header: what is no name is refused, and links are made of the configured origin', async (t) => {
  const api = await startApi(t, { publicUrl: 'https://edr.example' });
  const { authorization } = await api.bearer('admin');
  const ask = (host: string, more = '') =>
    sendRaw(
      api.baseUrl,
      `POST /api/v1/sign-in-links HTTP/1.1\r\nHost: ${host}\r\n${more}Authorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      5000,
    );
  for (const odd of ['evil.example/..', 'user@evil.example', 'a b', 'evil.example#', "x'><script>", '[::1'])
    t.same(statusesIn(await ask(odd)), [400], odd);
  // Else who gets an admin to ask through them would be given a link that leads to their own page.
  for (const answer of [
    await ask('evil.example'),
    await ask('edr.example', 'X-Forwarded-Host: evil.example\r\n'),
  ]) {
    t.match(answer, /"url":"https:\/\/edr\.example\/#sign-in=/);
    t.notMatch(answer, /evil/);
  }
  t.same(statusesIn(await ask('a.example\r\nHost: b.example')), [400], 'two of them');

  const behind = await startApi(t, { trustedProxies: ['127.0.0.1'] });
  const link = await fetch(`${behind.baseUrl}/api/v1/sign-in-links`, {
    method: 'POST',
    headers: {
      ...(await behind.bearer('admin')),
      'content-type': 'application/json',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'javascript',
    },
    body: '{}',
  });
  const { url } = (await link.json()) as { url: string };
  t.ok(url.startsWith(behind.baseUrl), 'a proxy repeats what anybody told it');
  const rewritten = { host: 'inside:7080', origin: 'https://edr.example', 'x-vedette-request': '1' };
  const page = await userPage(api, 'ada');
  const cookie = `__Host-${page['cookie']}`;
  const out = await api.app.inject({
    method: 'DELETE',
    url: '/api/v1/session',
    headers: { ...rewritten, cookie },
  });
  t.equal(out.statusCode, 204, 'pages of the configured origin are ours, whatever the proxy makes of Host');
});

t.test(
  'allowed addresses: others get nothing, whatever they claim; this machine can mend the list',
  async (t) => {
    const api = await startApi(t, { trustedProxies: ['127.0.0.1'] });
    const page = await userPage(api, 'ada', 'admin');
    const { authorization } = await api.bearer('admin');
    const viewer = await api.bearer('viewer');
    const put = (allowedAddresses: string[], headers: Record<string, string>) =>
      fetch(`${api.baseUrl}/api/v1/settings/access`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ allowedAddresses, requireSecondFactor: false, sessionHours: 12 }),
      });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const own = await put(['192.0.2.0/24'], { ...page, ...from('203.0.113.5') });
    t.match(await own.json(), { code: 'access.own_address' }, 'a list that shuts out who sets it');
    t.equal((await put(['192.0.2.0/24', '2001:db8::/32'], { ...page, ...from('192.0.2.7') })).status, 200);
    const get = async (path: string, headers: Record<string, string>) =>
      (await fetch(`${api.baseUrl}${path}`, { headers })).status;
    t.equal(await get('/api/v1/session', { ...page, ...from('192.0.2.9') }), 200);
    t.equal(await get('/api/v1/session', { ...page, ...from('2001:db8::7') }), 200);
    t.equal(
      await get('/api/v1/session', { ...page, ...from('::ffff:192.0.2.9') }),
      200,
      'IPv4 written as IPv6',
    );
    for (const path of [
      '/api/v1/session',
      '/api/v1/sign-in',
      '/api/v1/feed',
      '/',
      '/nowhere',
      '/api/v1/session/oidc',
    ])
      t.equal(await get(path, { authorization, ...from('203.0.113.5') }), 403, path);
    // Whoever is nearest to us is whom the proxy saw; what is before it in the list anybody may write.
    t.equal(
      await get('/api/v1/session', { authorization, ...from('192.0.2.9, 203.0.113.5') }),
      403,
      'a forged hop',
    );
    const byGraphql = async (address: string) => {
      const answer = await fetch(`${api.baseUrl}/graphql`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...from(address) },
        body: JSON.stringify({ query: '{ settingsAccess { sessionHours } }' }),
      });
      return JSON.stringify(await answer.json());
    };
    t.match(
      await byGraphql('192.0.2.9'),
      /"sessionHours":12/,
      'what GraphQL asks comes from whoever asked it',
    );
    t.match(await byGraphql('203.0.113.5'), /access\.address_refused/);
    t.equal(await get('/health', from('203.0.113.5')), 200, 'probes are told that we are there');
    t.equal(await get('/api/v1/session', page), 403, 'on this machine, a cookie is not enough');
    t.equal(await get('/api/v1/session', viewer), 403, "nor a viewer's token");
    t.equal(await get('/api/v1/session', { authorization }), 200, "an admin's token is");
    t.equal((await put([], { authorization })).status, 200);
    t.equal(await get('/api/v1/sign-in', from('203.0.113.5')), 200);
    t.equal(api.deps.access.entryCounters.shutOut, 10);
  },
);

t.test('X-Forwarded-For is believed of nobody but the proxies that are named', async (t) => {
  const api = await startApi(t);
  const page = await userPage(api, 'ada');
  const answer = await fetch(`${api.baseUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.1' },
    body: JSON.stringify({ user: 'ada', password: 'seven herons over the marsh' }),
  });
  t.equal(answer.status, 201);
  const { items } = (await (await fetch(`${api.baseUrl}/api/v1/sessions`, { headers: page })).json()) as {
    items: { address: string | null }[];
  };
  t.equal(items[0]?.address, '127.0.0.1');
});

t.test('a flood is refused by address and by token, with the time to wait, and counted', async (t) => {
  const api = await startApi(t, { limits: { perAddress: 30, perCaller: 10 }, trustedProxies: ['127.0.0.1'] });
  const viewer = await api.bearer('viewer');
  const ask = async (address: string, headers = {}) =>
    await fetch(`${api.baseUrl}/api/v1/sign-in`, { headers: { 'x-forwarded-for': address, ...headers } });
  const statuses: number[] = [];
  for (let n = 0; n < 32; n++) statuses.push((await ask('192.0.2.1')).status);
  t.same(statuses, [...Array(30).fill(200), 429, 429]);
  const limited = await ask('192.0.2.1');
  t.match(await limited.json(), { code: 'api.too_many_requests' });
  t.ok(Number(limited.headers.get('retry-after')) > 0);
  t.equal((await ask('192.0.2.2')).status, 200, 'others are not held up');
  const byToken: number[] = [];
  for (let n = 0; n < 12; n++) {
    const headers = { ...viewer, 'x-forwarded-for': `198.51.100.${n}` };
    byToken.push((await fetch(`${api.baseUrl}/api/v1/hosts`, { headers })).status);
  }
  t.same(byToken, [...Array(10).fill(200), 429, 429], 'one token from many addresses');
  t.equal(api.deps.access.entryCounters.limited, 5);
  const metrics = await fetch(`${api.baseUrl}/metrics`, { headers: await api.bearer('viewer') });
  t.match(await metrics.text(), /^vedette_requests_limited 5$/m);
});
