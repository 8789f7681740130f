/** Brute force, and what answers give away to who guesses. */
import { generate } from 'otplib';
import t from 'tap';
import { pageHeaders } from '../collector/api/sample-accounts.ts';
import { startApi } from '../collector/api/start.ts';
import { password, userPage } from './signed-in.ts';

const proxied = { trustedProxies: ['127.0.0.1'] };

async function startGuessing(t: Parameters<typeof startApi>[0]) {
  const api = await startApi(t, proxied);
  const post = async (
    path: string,
    body: object,
    from: string,
    headers: Record<string, string> = {},
    method = 'POST',
  ) => {
    const answer = await fetch(`${api.baseUrl}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from, ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      json: text === '' ? undefined : JSON.parse(text),
      waitS: Number(answer.headers.get('retry-after')),
      cookies: answer.headers.getSetCookie(),
    };
  };
  return { api, post };
}

t.test('passwords: guesses soon wait longer and longer, from one place and from many', async (t) => {
  const { api, post } = await startGuessing(t);
  await userPage(api, 'ada');
  const statuses: number[] = [];
  for (let n = 0; n < 12; n++) {
    const { status } = await post('/session', { user: 'ada', password: `guess number ${n}` }, '192.0.2.1');
    statuses.push(status);
  }
  t.same(statuses, [...Array(6).fill(401), ...Array(6).fill(429)]);
  // A botnet: each from an address of its own.
  let last = 0;
  for (let n = 0; n < 110 && last !== 429; n++)
    last = (await post('/session', { user: 'ada', password: `guess ${n}` }, `198.51.100.${n}`)).status;
  t.equal(last, 429, 'beyond a hundred or so from anywhere');
  t.ok(api.deps.access.throttle.counters.refused >= 7, 'counted');
});

t.test('codes and recovery codes: whoever has the password cannot try all million', async (t) => {
  const { api, post } = await startGuessing(t);
  const page = await userPage(api, 'ada');
  const { secret } = (await post('/account/second-factor', {}, '203.0.113.1', page)).json;
  const early = await generate({ secret, epoch: Math.floor(Date.now() / 1000) - 30 });
  const confirmed = await post('/account/second-factor', { code: early }, '203.0.113.1', page, 'PUT');
  t.equal(confirmed.status, 200);
  const wrong = async (code: string, n: number) =>
    await post('/session', { user: 'ada', password, code }, `192.0.2.${n}`);
  let statuses: number[] = [];
  for (let n = 0; n < 9; n++) statuses.push((await wrong(String(n).repeat(6), 1)).status);
  t.same(statuses, [...Array(6).fill(401), 429, 429, 429]);
  statuses = [];
  for (let n = 0; n < 9; n++) statuses.push((await wrong('aaaa-aaaa-aaaa-aaaa', 2)).status);
  t.same(statuses, [...Array(6).fill(401), 429, 429, 429]);
  // With a stolen session too: else the second factor could be taken off by trying codes.
  const cookie = confirmed.cookies.find((one) => one.startsWith('vedette_session='))?.split(/[=;]/)[1] ?? '';
  const stolen = pageHeaders(api.baseUrl, cookie);
  statuses = [];
  for (let n = 0; n < 13; n++)
    statuses.push(
      (await post('/account/second-factor', { code: '000000' }, '192.0.2.3', stolen, 'DELETE')).status,
    );
  t.same(statuses, [...Array(11).fill(403), 429, 429]);
});

t.test('sign-in links: what is guessed is 256 bits, and guesses wait all the same', async (t) => {
  const { post } = await startGuessing(t);
  const statuses = new Set<number>();
  for (let n = 0; n < 24; n++)
    statuses.add((await post('/session', { secret: 'g'.repeat(43) }, '192.0.2.9')).status);
  t.same([...statuses], [401, 429]);
  const elsewhere = await post('/session', { secret: 'g'.repeat(43) }, '192.0.2.10');
  t.equal(elsewhere.status, 401, 'which keeps nobody else from using theirs');
});

t.test('user enumeration: names that are taken answer as those that are not, and as slowly', async (t) => {
  const { api, post } = await startGuessing(t);
  await userPage(api, 'ada');
  await userPage(api, 'off');
  const off = await api.deps.access.accounts.byName('off');
  await userPage(api, 'root', 'admin');
  await api.deps.access.accounts.change(off.id, { isDisabled: true }, { id: 'x', name: 'x' });
  // admin has no password, off is disabled, nobody is not there.
  const names = ['ada', 'admin', 'off', 'nobody'];
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  const answers = new Set<string>();
  for (let n = 0; n < 10; n++)
    for (const user of names) {
      const at = performance.now();
      const { status, json } = await post(
        '/session',
        { user, password: 'not the right one' },
        `203.0.113.${n}`,
      );
      times.get(user)?.push(performance.now() - at);
      const { requestId: _, ...rest } = json;
      answers.add(JSON.stringify([status, rest]));
    }
  t.equal(answers.size, 1, [...answers].join('\n'));
  const medians = names.map((name) => (times.get(name) ?? []).sort((a, b) => a - b)[5] ?? 0);
  t.comment(`medians in ms: ${medians.map((ms) => ms.toFixed(1)).join(', ')}`);
  // Without a hash for names that are not there, theirs would be a tenth.
  t.ok(Math.max(...medians) < 4 * Math.min(...medians));
});

t.test('a token in the address is not taken, and is not logged', async (t) => {
  const { api } = await startGuessing(t);
  const { authorization } = await api.bearer('admin');
  const secret = authorization.slice('Bearer '.length);
  for (const path of [
    '/api/v1/hosts?token=',
    '/api/v1/hosts?access_token=',
    '/api/v1/feed?token=',
    '/?token=',
  ])
    t.not((await fetch(`${api.baseUrl}${path}${secret}`)).status, 200, path);
  t.notOk(api.log.join('\n').includes(secret));
  const entries = await api.deps.control.audit.list({}, 100);
  t.notOk(JSON.stringify(entries).includes(secret));
});
