import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAuth } from '../../../collector/auth/auth.ts';
import { mayDo, permissions } from '../../../collector/auth/permissions.ts';
import { hashSecret, newSecret } from '../../../collector/auth/secret.ts';
import { roles } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';

async function setUp(t: Test) {
  const path = join(t.testdir(), 'control.db');
  const control = await openControlStore(path, { durable: false });
  t.teardown(() => control.close());
  const clock = { now: 1_700_000_000_000_000 };
  return { path, clock, auth: createAuth(control, () => clock.now) };
}
const secretOf = (url: string) => new URLSearchParams(new URL(url).hash.slice(1)).get('sign-in') ?? '';

t.test('secrets', async (t) => {
  const secrets = new Set(Array.from({ length: 100 }, newSecret));
  t.equal(secrets.size, 100);
  for (const secret of secrets) t.match(secret, /^[\w-]{43}$/);
  t.equal(hashSecret('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

t.test('a sign-in link works once, with its secret in the fragment', async (t) => {
  const { auth } = await setUp(t);
  const { url } = await auth.createSignInLink('http://127.0.0.1:7080');
  t.match(url, /^http:\/\/127\.0\.0\.1:7080\/#sign-in=[\w-]{43}$/);
  const session = await auth.exchange(secretOf(url));
  t.match(session?.credential, { kind: 'session', role: 'admin', name: 'admin' });
  t.equal(await auth.exchange(secretOf(url)), undefined);
  t.match(await auth.session(session?.secret ?? ''), { id: session?.credential.id });
});

t.test('many browsers race for one link: one gets in', async (t) => {
  const { auth } = await setUp(t);
  const { url } = await auth.createSignInLink('http://127.0.0.1:7080');
  const sessions = await Promise.all(Array.from({ length: 8 }, () => auth.exchange(secretOf(url))));
  t.equal(sessions.filter((session) => session !== undefined).length, 1);
});

t.test('links live ten minutes, sessions twelve hours', async (t) => {
  const { auth, clock } = await setUp(t);
  const late = await auth.createSignInLink('http://127.0.0.1:7080');
  t.equal(late.expiresAt, clock.now + 600_000_000);
  clock.now += 600_000_000;
  t.equal(await auth.exchange(secretOf(late.url)), undefined);
  const { url } = await auth.createSignInLink('http://127.0.0.1:7080', { name: 'ada', role: 'viewer' });
  clock.now += 599_999_999;
  const session = await auth.exchange(secretOf(url));
  t.match(session?.credential, { name: 'ada', role: 'viewer' });
  const halfHourUs = 1_800_000_000;
  for (let spent = halfHourUs; spent < 24 * halfHourUs; spent += halfHourUs) {
    clock.now += halfHourUs;
    t.ok(await auth.session(session?.secret ?? ''), 'as long as it is used');
  }
  clock.now += halfHourUs - 1;
  t.ok(await auth.session(session?.secret ?? ''));
  clock.now += 1;
  t.notOk(await auth.session(session?.secret ?? ''));
});

t.test('a session ends an hour after its last use', async (t) => {
  const { auth, clock } = await setUp(t);
  const { url } = await auth.createSignInLink('http://127.0.0.1:7080');
  const session = await auth.exchange(secretOf(url));
  clock.now += 3_600_000_000;
  t.ok(await auth.session(session?.secret ?? ''));
  clock.now += 3_600_000_001;
  t.notOk(await auth.session(session?.secret ?? ''));
  t.same(await auth.list('session'), [], 'nor is it listed');
});

t.test('kinds do not stand in for one another, and revoking ends them', async (t) => {
  const { auth } = await setUp(t);
  const { token, id } = await auth.createToken('ci', 'analyst');
  t.match(await auth.token(token), { name: 'ci', role: 'analyst', expiresAt: null });
  t.equal(await auth.session(token), undefined);
  t.equal(await auth.exchange(token), undefined);
  t.equal(await auth.token(''), undefined);
  t.equal(await auth.token('x'.repeat(10_000_000)), undefined);
  await auth.revoke(id);
  t.equal(await auth.token(token), undefined);
});

t.test('no secret is on disk', async (t) => {
  const { auth, path } = await setUp(t);
  const { token } = await auth.createToken('ci', 'viewer');
  const { url } = await auth.createSignInLink('http://127.0.0.1:7080');
  const bytes = Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)]).toString('latin1');
  t.ok(bytes.includes(hashSecret(token)), 'the hash is');
  t.notOk(bytes.includes(token));
  t.notOk(bytes.includes(secretOf(url)));
});

t.test('roles', async (t) => {
  const table = roles.map((role) => [role, permissions.filter((permission) => mayDo(role, permission))]);
  t.same(Object.fromEntries(table), {
    viewer: ['read'],
    analyst: ['read', 'triage', 'ingest'],
    responder: ['read', 'triage', 'respond', 'ingest'],
    'rule-admin': ['read', 'triage', 'rules', 'ingest'],
    admin: ['read', 'triage', 'respond', 'rules', 'ingest', 'administer'],
  });
});
