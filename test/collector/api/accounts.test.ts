/** Users and what they come in by, over HTTP: signing in, second factors, sessions, tokens, roles that change. */
import { hash } from '@node-rs/argon2';
import { generate } from 'otplib';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { pageHeaders } from './sample-accounts.ts';
import { type RunningApi, startApi } from './start.ts';

const password = 'seven herons over the marsh';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the tests look into is JSON of many shapes.
  readonly json: any;
  readonly cookies: Record<string, string>;
  readonly retryAfter: string | null;
}

async function ask(
  api: RunningApi,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(`${api.baseUrl}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const cookies = answer.headers.getSetCookie().map((set) => /^([^=]+)=([^;]*)/.exec(set) ?? []);
  return {
    status: answer.status,
    json: text === '' ? undefined : JSON.parse(text),
    cookies: Object.fromEntries(cookies.map(([, name = '', value = '']) => [name, value])),
    retryAfter: answer.headers.get('retry-after'),
  };
}

const signIn = (api: RunningApi, body: object, device?: string) =>
  ask(api, 'POST', '/session', device === undefined ? {} : { cookie: `vedette_device=${device}` }, body);

/** Headers of a page that signed in with name and password. */
async function pageOf(t: Test, api: RunningApi, user: string): Promise<Record<string, string>> {
  const answer = await signIn(api, { user, password });
  t.equal(answer.status, 201);
  return pageHeaders(api.baseUrl, answer.cookies['vedette_session'] ?? '');
}

async function addUser(
  api: RunningApi,
  name: string,
  role: string,
  more: object = { password },
): Promise<string> {
  const added = await ask(api, 'POST', '/users', await api.bearer('admin'), { name, role, ...more });
  return added.json.user.id;
}

t.test('a new user comes in by a link, sets a password, and by that from then on', async (t) => {
  const api = await startApi(t);
  const admin = await api.bearer('admin');
  const added = await ask(api, 'POST', '/users', admin, {
    name: 'Ada',
    role: 'analyst',
    displayName: 'Ada L.',
  });
  t.equal(added.status, 201);
  t.match(added.json.user, {
    ...{ name: 'Ada', role: 'analyst', disabled: false, hasPassword: false, hasSecondFactor: false },
    ...{ oidcSubject: null, lastSignInAt: null },
  });
  const secret = new URL(added.json.signInLink.url).hash.slice('#sign-in='.length);
  const first = await signIn(api, { secret });
  t.match(first.json, {
    name: 'Ada',
    user: { displayName: 'Ada L.', hasPassword: false },
    needsSecondFactor: false,
  });
  const page = pageHeaders(api.baseUrl, first.cookies['vedette_session'] ?? '');
  const weak = await ask(api, 'PUT', '/account/password', page, { next: 'Password1234' });
  t.match(weak, { status: 400, json: { code: 'access.password' } });
  const set = await ask(api, 'PUT', '/account/password', page, { next: password });
  t.equal(set.status, 204);
  const rotated = set.cookies['vedette_session'] ?? '';
  t.match(rotated, /^[\w-]{43}$/, 'with another secret');
  t.equal((await ask(api, 'GET', '/session', page)).status, 401, 'the one before is worth nothing');
  t.equal((await ask(api, 'GET', '/session', pageHeaders(api.baseUrl, rotated))).status, 200);

  t.match((await signIn(api, { user: 'aDA', password })).json, { name: 'Ada', user: { hasPassword: true } });
  for (const body of [
    { user: 'Ada', password: `${password}.` },
    { user: 'nobody', password },
    { user: 'admin', password: '' },
  ].filter((one) => one.password !== ''))
    t.match(await signIn(api, body), {
      status: 401,
      json: { code: 'api.sign_in_refused', detail: 'The name, password or code is not right.' },
    });
  t.match(await signIn(api, { user: 'admin', password }), { status: 401 }, 'there is no default password');
  const { items } = await api.deps.control.audit.list({ action: 'session.refuse' }, 10);
  t.match(
    items.map(({ actor }) => actor),
    ['admin', 'unknown', 'Ada'],
  );
  t.notMatch(JSON.stringify(items), /herons|nobody/, 'neither passwords nor what may be one');
});

t.test('changing the password needs the present one, and ends all other sessions', async (t) => {
  const api = await startApi(t);
  await addUser(api, 'ada', 'viewer');
  const [one, two] = [await pageOf(t, api, 'ada'), await pageOf(t, api, 'ada')];
  const next = 'nine otters under the bridge';
  for (const body of [{ next }, { next, current: 'something that is not it' }])
    t.match(await ask(api, 'PUT', '/account/password', one, body), {
      status: 403,
      json: { code: 'access.proof_refused' },
    });
  t.equal((await ask(api, 'PUT', '/account/password', one, { next, current: password })).status, 204);
  t.equal((await ask(api, 'GET', '/session', two)).status, 401);
  t.equal((await signIn(api, { user: 'ada', password })).status, 401);
  t.equal((await signIn(api, { user: 'ada', password: next })).status, 201);
});

t.test('a password under older parameters is hashed anew as its user signs in', async (t) => {
  const api = await startApi(t);
  const id = await addUser(api, 'ada', 'viewer');
  const weak = await hash(password, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
  const entry = { at: 1, actor: 'test', action: 'test', target: 'test', detail: {} };
  await api.deps.control.accounts.setPassword(id, weak, null, entry);
  await pageOf(t, api, 'ada');
  t.match(await api.deps.control.accounts.get(id), { passwordHash: /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/ });
  await pageOf(t, api, 'ada');
});

t.test('a second factor: set up, asked for, each code once, recovery codes once each', async (t) => {
  const api = await startApi(t);
  const id = await addUser(api, 'ada', 'viewer');
  const page = await pageOf(t, api, 'ada');
  const begun = await ask(api, 'POST', '/account/second-factor', page);
  t.match(begun, { status: 201, json: { uri: /^otpauth:\/\/totp\/Vedette:ada\?secret=/ } });
  const { secret } = begun.json;
  t.equal((await signIn(api, { user: 'ada', password })).status, 201, 'not asked for before it is confirmed');
  const nowS = Math.floor(Date.now() / 1000);
  // The step before the present one is taken, which leaves the present one for signing in.
  const early = await generate({ secret, epoch: nowS - 30 });
  const wrong = await ask(api, 'PUT', '/account/second-factor', page, {
    code: early === '000000' ? '000001' : '000000',
  });
  t.match(wrong, { status: 403, json: { code: 'access.proof_refused' } });
  const confirmed = await ask(api, 'PUT', '/account/second-factor', page, { code: early });
  t.equal(confirmed.status, 200);
  const { recoveryCodes } = confirmed.json as { recoveryCodes: string[] };
  t.equal(new Set(recoveryCodes).size, 10);
  for (const code of recoveryCodes) t.match(code, /^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
  const strong = pageHeaders(api.baseUrl, confirmed.cookies['vedette_session'] ?? '');
  t.equal((await ask(api, 'POST', '/account/second-factor', strong)).status, 409, 'there is one');

  t.match(await signIn(api, { user: 'ada', password }), {
    status: 401,
    json: { code: 'api.second_factor_needed' },
  });
  t.match(await signIn(api, { user: 'ada', password: 'wrong by a lot' }), {
    json: { code: 'api.sign_in_refused' },
  });
  const with_ = (code: string) => signIn(api, { user: 'ada', password, code });
  t.match(await with_(early), { json: { code: 'api.sign_in_refused' } }, 'the step was used already');
  const code = await generate({ secret, epoch: nowS });
  t.match(await with_(code), { status: 201, json: { user: { hasSecondFactor: true } } });
  t.match(await with_(code), { status: 401, json: { code: 'api.sign_in_refused' } }, 'replayed');
  const [first = '', second = ''] = recoveryCodes;
  t.equal((await with_(first.toUpperCase().replaceAll('-', ' '))).status, 201, 'however it is typed');
  t.equal((await with_(first)).status, 401, 'used up');

  const renewed = await ask(api, 'POST', '/account/recovery-codes', strong, { code: second });
  t.equal(renewed.status, 201);
  t.equal((await with_(recoveryCodes[2] ?? '')).status, 401, 'those before have ended');
  const [fresh = '', last = ''] = renewed.json.recoveryCodes as string[];
  t.equal((await with_(fresh)).status, 201);

  const bytes = JSON.stringify(await api.deps.control.audit.list({}, 200)) + api.log.join('');
  for (const kept of [secret, fresh, first, password]) t.notOk(bytes.includes(kept), 'no secret is told');
  t.equal((await ask(api, 'DELETE', '/account/second-factor', strong, { code: last })).status, 204);
  t.equal((await signIn(api, { user: 'ada', password })).status, 201);

  const admin = await api.bearer('admin');
  t.equal((await ask(api, 'DELETE', `/users/${id}/second-factor`, admin)).status, 204);
});

t.test('where everybody needs a second factor, nothing else is allowed before there is one', async (t) => {
  const api = await startApi(t);
  await addUser(api, 'ada', 'admin');
  const admin = await api.bearer('admin');
  const settings = { allowedAddresses: [], requireSecondFactor: true, sessionHours: 2 };
  t.match(await ask(api, 'PUT', '/settings/access', admin, settings), { status: 200, json: settings });
  const page = await pageOf(t, api, 'ada');
  t.match((await ask(api, 'GET', '/session', page)).json, { permissions: [], needsSecondFactor: true });
  for (const [method, path, body] of [
    ['GET', '/hosts'],
    ['GET', '/users'],
    ['POST', '/tokens', { name: 'x' }],
  ] as const)
    t.match(await ask(api, method, path, page, body), {
      status: 403,
      json: { code: 'access.second_factor_required' },
    });
  const { secret } = (await ask(api, 'POST', '/account/second-factor', page)).json;
  const confirmed = await ask(api, 'PUT', '/account/second-factor', page, {
    code: await generate({ secret }),
  });
  const strong = pageHeaders(api.baseUrl, confirmed.cookies['vedette_session'] ?? '');
  t.equal((await ask(api, 'GET', '/hosts', strong)).status, 200);
  const { createdAt, expiresAt } = (await ask(api, 'GET', '/sessions', strong)).json.items[0];
  t.equal(Date.parse(expiresAt) - Date.parse(createdAt), 7_200_000, 'and sessions last as long as is set');
});

t.test('sessions are listed and ended, those of others by administrators only', async (t) => {
  const api = await startApi(t);
  await addUser(api, 'ada', 'viewer');
  await addUser(api, 'eve', 'responder');
  const [ada, eve] = [await pageOf(t, api, 'ada'), await pageOf(t, api, 'eve')];
  const { items } = (await ask(api, 'GET', '/sessions', { ...ada, 'user-agent': 'x' })).json;
  t.match(items, [
    { userName: 'ada', role: 'viewer', address: '127.0.0.1', isCurrent: true, userAgent: 'node' },
  ]);
  const { id } = items[0];
  t.match(await ask(api, 'DELETE', `/sessions/${id}`, eve), { status: 404, json: { code: 'api.not_found' } });
  t.equal((await ask(api, 'GET', '/sessions?all=true', eve)).status, 403);
  t.equal((await ask(api, 'GET', '/session', ada)).status, 200);
  const admin = await api.bearer('admin');
  const all = (await ask(api, 'GET', '/sessions?all=true', admin)).json.items as { userName: string }[];
  t.same(all.map(({ userName }) => userName).sort(), ['ada', 'eve']);
  t.equal((await ask(api, 'DELETE', `/sessions/${id}`, admin)).status, 204);
  t.equal((await ask(api, 'GET', '/session', ada)).status, 401);
});

t.test('tokens: personal ones as far as their user, scopes, an end, a prefix, a last use', async (t) => {
  const api = await startApi(t);
  const id = await addUser(api, 'ada', 'responder');
  const page = await pageOf(t, api, 'ada');
  const make = async (body: object, headers = page) => await ask(api, 'POST', '/tokens', headers, body);
  const made = await make({ name: 'laptop' });
  t.match(made, {
    status: 201,
    json: {
      secret: /^vdt_[\w-]{43}$/,
      token: {
        name: 'laptop',
        userName: 'ada',
        kind: 'personal',
        role: 'responder',
        scopes: null,
        lastUsedAt: null,
      },
    },
  });
  const { createdAt, expiresAt } = made.json.token;
  t.match(Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000), 90);
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const whole = bearer(made.json.secret);
  t.match((await ask(api, 'GET', '/session', whole)).json, {
    permissions: ['read', 'triage', 'respond', 'ingest'],
    user: { id },
  });
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const small = bearer((await make({ name: 'reader', scopes: ['read'], expiresAt: end })).json.secret);
  t.equal((await ask(api, 'GET', '/hosts', small)).status, 200);
  t.match(await ask(api, 'POST', '/hosts/h1/commands', small, { name: 'agent.status' }), {
    status: 403,
    json: { code: 'api.forbidden', detail: 'This token may not respond.' },
  });
  t.match(await make({ name: 'more', scopes: ['triage'] }, small), { status: 403 }, 'nor make a better one');
  const [own] = (await ask(api, 'GET', '/sessions', page)).json.items;
  for (const path of [`/sessions/${own.id}`, `/tokens/${made.json.token.id}`])
    t.equal((await ask(api, 'DELETE', path, small)).status, 404, 'nor end what may do more');
  const child = (await make({ name: 'child' }, small)).json.token;
  t.match(child, { scopes: ['read'], expiresAt: /T/ }, 'what it makes is no better than itself');
  t.ok(Date.parse(child.expiresAt) <= Date.parse(end));
  t.match(await make({ name: 'more', scopes: ['administer'] }), { status: 403 });
  t.match(await make({ name: 'svc', service: { role: 'viewer' } }), { status: 403 });
  const { items } = (await ask(api, 'GET', '/tokens', page)).json;
  t.match(items.map(({ name }: { name: string }) => name).sort(), ['child', 'laptop', 'reader']);
  t.match(items.find(({ name }: { name: string }) => name === 'reader').lastUsedAt, /T/);

  const admin = await api.bearer('admin');
  await ask(api, 'PATCH', `/users/${id}`, admin, { role: 'viewer' });
  t.match(
    (await ask(api, 'GET', '/session', whole)).json,
    { role: 'viewer', permissions: ['read'] },
    'at once',
  );
  t.equal((await ask(api, 'GET', '/session', page)).status, 401, 'and the session has ended');
  const again = await pageOf(t, api, 'ada');
  await addUser(api, 'eve', 'responder');
  const eve = await pageOf(t, api, 'eve');
  t.equal((await ask(api, 'DELETE', `/tokens/${made.json.token.id}`, eve)).status, 404, "another's token");
  t.equal((await ask(api, 'DELETE', `/tokens/${made.json.token.id}`, again)).status, 204);
  t.equal((await ask(api, 'GET', '/session', whole)).status, 401);
  await ask(api, 'PATCH', `/users/${id}`, admin, { disabled: true });
  for (const headers of [small, again]) t.equal((await ask(api, 'GET', '/session', headers)).status, 401);
  t.equal((await signIn(api, { user: 'ada', password })).status, 401);
  const service = await make({ name: 'siem', service: { role: 'analyst' }, scopes: ['read'] }, admin);
  t.match(service.json.token, { kind: 'service', userId: null, userName: null, role: 'analyst' });
});

t.test('the live feed of somebody whose access ends is closed at once', async (t) => {
  const api = await startApi(t);
  const id = await addUser(api, 'ada', 'viewer');
  const admin = await api.bearer('admin');
  for (const end of [
    () => ask(api, 'PATCH', `/users/${id}`, admin, { role: 'analyst' }),
    () => ask(api, 'PATCH', `/users/${id}`, admin, { disabled: true }),
    () => ask(api, 'DELETE', `/users/${id}`, admin),
  ]) {
    await ask(api, 'PATCH', `/users/${id}`, admin, { disabled: false });
    const { cookie = '' } = await pageOf(t, api, 'ada');
    const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/api/v1/feed`, {
      headers: { cookie },
      origin: api.baseUrl,
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const ended = await end();
    t.ok(ended.status < 300);
    t.equal(await closed, 4433);
  }
});

t.test('the last admin stays', async (t) => {
  const api = await startApi(t);
  const admin = await api.bearer('admin');
  const [only] = (await ask(api, 'GET', '/users', admin)).json.items;
  t.match(only, { name: 'admin', role: 'admin' });
  for (const change of [{ role: 'viewer' }, { disabled: true }])
    t.match(await ask(api, 'PATCH', `/users/${only.id}`, admin, change), {
      status: 409,
      json: { code: 'access.last_admin' },
    });
  t.equal((await ask(api, 'DELETE', `/users/${only.id}`, admin)).status, 409);
  await addUser(api, 'ada', 'admin');
  t.equal((await ask(api, 'DELETE', `/users/${only.id}`, admin)).status, 204);
  const link = await ask(api, 'POST', '/sign-in-links', admin, {});
  const secret = new URL(link.json.url).hash.slice('#sign-in='.length);
  t.match((await signIn(api, { secret })).json, { name: 'ada' }, 'links made here are for who is left');
});

t.test('somebody else cannot lock a user out of the browser they know', async (t) => {
  const api = await startApi(t);
  await addUser(api, 'ada', 'viewer');
  const known = (await signIn(api, { user: 'ada', password })).cookies['vedette_device'] ?? '';
  t.match(known, /^[\w-]{43}$/);
  let limited: Answer | undefined;
  for (let n = 0; n < 8; n++) limited = await signIn(api, { user: 'ada', password: `guess number ${n}` });
  t.match(limited, { status: 429, json: { code: 'api.too_many_requests' }, retryAfter: /^\d+$/ });
  t.equal(
    (await signIn(api, { user: 'ada', password })).status,
    429,
    'from here not even with the right one',
  );
  t.equal((await signIn(api, { user: 'ada', password }, known)).status, 201, 'but from the known browser');
  await addUser(api, 'eve', 'viewer');
  t.equal(
    (await signIn(api, { user: 'eve', password: 'x' }, known)).status,
    401,
    'which is known for ada alone',
  );
  const { items } = await api.deps.control.audit.list({ action: 'session.refuse' }, 100);
  t.equal(items.filter(({ detail }) => detail['throttled'] === true).length, 1, 'a flood is one entry');
});

t.test('guessing does not hold others up: hashes are made off the main thread', async (t) => {
  const api = await startApi(t);
  await addUser(api, 'ada', 'viewer');
  await signIn(api, { user: 'ada', password });
  const idle: number[] = [];
  const timed = async (into: number[]) => {
    const at = performance.now();
    await (await fetch(`${api.baseUrl}/health`)).text();
    into.push(performance.now() - at);
  };
  for (let n = 0; n < 10; n++) await timed(idle);
  let isOver = false;
  const guesses = Promise.all(
    Array.from({ length: 50 }, (_, n) => signIn(api, { user: `user-${n}`, password: 'a wrong one' })),
  ).finally(() => {
    isOver = true;
  });
  const busy: number[] = [];
  while (!isOver) await timed(busy);
  const statuses = (await guesses).map(({ status }) => status);
  t.ok(statuses.every((status) => status === 401 || status === 429));
  t.ok(statuses.includes(401));
  const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  t.comment(
    `GET /health: ${median(idle).toFixed(1)} ms idle, ${median(busy).toFixed(1)} ms beside 50 guesses`,
  );
  // One hash takes tens of milliseconds; were they made on this thread, an answer would wait for many.
  t.ok(median(busy) < 250, `${median(busy)} ms`);
});
