/** Bodies, paths, texts and statements made to do something else than they say. */
import { join } from 'node:path';
import t from 'tap';
import { startApi, storedEvent } from '../collector/api/start.ts';
import { routesOf } from './signed-in.ts';

t.test('prototype pollution: no body and no query gives objects of ours new properties', async (t) => {
  const api = await startApi(t);
  const admin = await api.bearer('admin');
  // Were a body merged carelessly, every object would have isAdmin, or a role of the attacker's choosing.
  const bodies = [
    '{"__proto__":{"isAdmin":true,"role":"admin"}}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '{"name":"x","role":"viewer","__proto__":{"isAdmin":true}}',
    '{"a":{"__proto__":{"isAdmin":true}}}',
  ];
  const taking = (await routesOf(api)).filter(({ body }) => body !== undefined);
  t.ok(taking.length > 25);
  for (const body of bodies)
    for (const { method, path } of taking) {
      const answer = await fetch(`${api.baseUrl}${path}`, {
        method,
        headers: { ...admin, 'content-type': 'application/json' },
        body,
      });
      const { code } = (await answer.json()) as { code: string };
      if (answer.status < 400 || answer.status >= 500) t.fail(`${method} ${path}: ${answer.status} ${code}`);
    }
  for (const query of ['__proto__[isAdmin]=true', 'constructor[prototype][isAdmin]=true', '__proto__=x'])
    t.equal((await fetch(`${api.baseUrl}/api/v1/hosts?${query}`, { headers: admin })).status, 400, query);
  t.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
  for (const id of ['__proto__', 'constructor', 'hasOwnProperty', 'toString'])
    for (const path of [
      `/api/v1/users/${id}`,
      `/api/v1/hunts/${id}`,
      `/api/v1/rules/${id}`,
      `/api/v1/hosts/${id}`,
    ])
      t.ok([400, 404].includes((await fetch(`${api.baseUrl}${path}`, { headers: admin })).status), path);
});

t.test('oversize bodies are refused by their length, announced or not', async (t) => {
  const api = await startApi(t);
  const admin = await api.bearer('admin');
  const large = 40 * 1024 * 1024;
  const changing = (await routesOf(api)).filter(({ method, body }) => method !== 'GET' && body !== undefined);
  for (const { method, path } of changing.slice(0, 8)) {
    // Said to be large: refused before it is read. Were it read, a few of them would fill the memory.
    const answer = await fetch(`${api.baseUrl}${path}`, {
      method,
      headers: { ...admin, 'content-type': 'application/json' },
      body: new Uint8Array(large),
    }).catch((error: Error) => error);
    // Who goes on sending may find the connection closed before the answer.
    t.ok(answer instanceof Error || answer.status === 413, `${method} ${path}`);
    if (answer instanceof Response) await answer.arrayBuffer().catch(() => undefined);
  }
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      sent += 65_536;
      if (sent > large) controller.close();
      else controller.enqueue(new Uint8Array(65_536).fill(32));
    },
  });
  const options = {
    method: 'POST',
    headers: { ...admin, 'content-type': 'application/json' },
    body: endless,
    duplex: 'half',
  };
  const answer = await fetch(`${api.baseUrl}/api/v1/users`, options as RequestInit).catch(
    (error: Error) => error,
  );
  if (answer instanceof Response) t.equal(answer.status, 413);
  t.ok(sent < large, 'it was not read to its end');
  const deep = await fetch(`${api.baseUrl}/api/v1/users`, {
    method: 'POST',
    headers: { ...admin, 'content-type': 'application/json' },
    body: `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  });
  t.equal(deep.status, 400, 'nested deeply');
});

t.test(
  'XSS, stored and reflected: hostile names leave as JSON that no browser takes for a page',
  async (t) => {
    const api = await startApi(t);
    const viewer = await api.bearer('viewer');
    const hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u2028</textarea>';
    api.events.events.push(storedEvent(0, { 'process.name': hostile, 'process.command_line': hostile }));
    const stored = await fetch(`${api.baseUrl}/api/v1/events`, { headers: viewer });
    t.ok(JSON.stringify(await stored.json()).includes(JSON.stringify(hostile)), 'kept as it was');
    const reflected = [
      `/api/v1/hosts/${encodeURIComponent(hostile)}`,
      `/api/v1/events?filter=${encodeURIComponent(hostile)}`,
      `/api/v1/${encodeURIComponent(hostile)}`,
      `/${encodeURIComponent(hostile)}`,
      `/api/v1/session/oidc/callback?error=${encodeURIComponent(hostile)}`,
    ];
    const answers = [stored];
    for (const path of reflected) answers.push(await fetch(`${api.baseUrl}${path}`, { headers: viewer }));
    for (const { headers, url } of answers) {
      t.match(headers.get('content-type'), /^application\/(?:problem\+)?json/, url);
      t.equal(headers.get('x-content-type-options'), 'nosniff', url);
      t.match(headers.get('content-security-policy'), /default-src 'none'/, url);
    }
  },
);

t.test('every answer has a strict policy: no inline, no frames, no other origin', async (t) => {
  const api = await startApi(t);
  for (const path of ['/health', '/api/v1/session', '/api/v1/sign-in', '/nowhere']) {
    const { headers } = await fetch(`${api.baseUrl}${path}`);
    const policy = headers.get('content-security-policy') ?? '';
    t.notMatch(policy, /unsafe-inline|unsafe-eval|data:|blob:|\*/, path);
    for (const part of [
      /frame-ancestors 'none'/,
      /base-uri 'none'/,
      /object-src 'none'|default-src 'none'/,
      /form-action/,
    ])
      t.match(policy, part, path);
    t.equal(headers.get('cross-origin-opener-policy'), 'same-origin', path);
    t.equal(headers.get('cross-origin-resource-policy'), 'same-origin', path);
    t.equal(headers.get('cross-origin-embedder-policy'), 'require-corp', path);
    t.equal(headers.get('referrer-policy'), 'no-referrer', path);
    t.equal(headers.get('x-frame-options'), 'DENY', path);
    t.match(headers.get('permissions-policy'), /camera=\(\).*geolocation=\(\)/, path);
    t.equal(headers.get('x-powered-by'), null, path);
    t.equal(headers.get('access-control-allow-origin'), null, path);
  }
});

t.test('path traversal: nothing outside leaves, and nothing is written outside', async (t) => {
  const dir = t.testdir({
    'secret.txt': 'the secret',
    web: { 'index.html': '<!doctype html>', assets: { 'a.js': '' } },
  });
  const api = await startApi(t, { webRoot: join(dir, 'web') });
  const admin = await api.bearer('admin');
  const up = [
    '../secret.txt',
    '..%2fsecret.txt',
    '%2e%2e/secret.txt',
    '%2e%2e%2fsecret.txt',
    '..\\secret.txt',
    '....//secret.txt',
  ];
  const places = [
    '/',
    '/assets/',
    '/api/v1/hunts/',
    '/api/v1/rules/bundles/',
    '/api/v1/rules/',
    '/api/v1/hosts/',
  ];
  for (const place of places)
    for (const path of [...up, ...up.map((one) => `../../${one}`), 'x%00.txt', '..%c0%afsecret.txt']) {
      // Written by hand: fetch would take the dots out.
      const answer = await api.app.inject({ method: 'GET', url: `${place}${path}`, headers: admin });
      t.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${place}${path}: ${answer.statusCode}`);
      t.notMatch(answer.body, /the secret/);
    }
  const names = ['../x', '..', 'a/b', 'a\\b', '/etc/x', 'x\u0000'];
  for (const name of names) {
    const url = `/api/v1/hunts/${encodeURIComponent(name)}`;
    const answer = await api.app.inject({ method: 'PUT', url, headers: admin, payload: { sql: 'SELECT 1' } });
    t.ok(answer.statusCode >= 400 && answer.statusCode < 500, url);
  }
});

t.test('SQL in hunts: nothing but events is read, nothing is written, nothing is set', async (t) => {
  const api = await startApi(t);
  const viewer = await api.bearer('viewer');
  const outside = join(t.testdir({ 'kept.txt': 'kept' }), 'out.csv');
  const statements = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/**')",
    `COPY (SELECT 1) TO '${outside}'`,
    `EXPORT DATABASE '${outside}'`,
    `ATTACH '${outside}' AS x`,
    "IMPORT DATABASE '/tmp'",
    'INSTALL httpfs',
    'LOAD httpfs',
    "SELECT * FROM read_parquet('https://evil.example/x')",
    "SELECT * FROM read_json('http://169.254.169.254/latest/meta-data/')",
    'SET enable_external_access = true',
    "SET memory_limit = '1TB'",
    'PRAGMA database_list',
    'SELECT * FROM duckdb_settings()',
    'SELECT * FROM duckdb_secrets()',
    "SELECT getenv('HOME')",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "CREATE MACRO m() AS TABLE SELECT * FROM read_text('/etc/passwd')",
    'CREATE TABLE x AS SELECT 1',
    'DROP VIEW events',
    'DELETE FROM events',
    'INSERT INTO events SELECT * FROM events',
    "SELECT 1; COPY (SELECT 1) TO '/tmp/x'",
    "PREPARE p AS SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x'",
    'CALL pragma_version()',
    'CHECKPOINT',
  ];
  for (const sql of statements) {
    const answer = await fetch(`${api.baseUrl}/api/v1/hunts/run`, {
      method: 'POST',
      headers: { ...viewer, 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    });
    const text = await answer.text();
    t.ok(answer.status === 400, `${answer.status} ${sql} ${text.slice(0, 80)}`);
    t.notMatch(text, /root:x:0|PATH=/);
  }
});

t.test('header injection: line ends in what we are given never become headers of an answer', async (t) => {
  const api = await startApi(t);
  const admin = await api.bearer('admin');
  const injected = 'x%0d%0aset-cookie:%20vedette_session=planted%0d%0a%0d%0a<script>';
  for (const path of [
    `/api/v1/hosts/${injected}`,
    `/api/v1/hunts/${injected}`,
    `/api/v1/session/oidc/callback?state=${injected}&code=${injected}`,
    `/${injected}`,
  ]) {
    const answer = await fetch(`${api.baseUrl}${path}`, {
      headers: { ...admin, accept: 'text/html' },
      redirect: 'manual',
    });
    t.notMatch(answer.headers.get('set-cookie') ?? '', /planted/, path);
    t.ok(answer.status >= 400 && answer.status < 500, path);
  }
});
