/** Users and sign-in by the command line, here and from elsewhere, against a collector that serves over TLS. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'otplib';
import t, { type Test } from 'tap';
import type { UserJson } from '../../collector/api/json/user.ts';
import type { CaJson } from '../../collector/api/resources/ca.ts';
import type { SessionJson } from '../../collector/api/resources/sessions.ts';
import type { TokenJson } from '../../collector/api/resources/tokens.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { tempFolder } from '../temp.ts';
import { launcher, Server, top, vedette, vedetteFed, vedetteJson } from '../vedette.ts';

const password = 'five kites above the harbour';
const next = 'eight lamps along the quay';

interface Made {
  readonly user: UserJson;
  readonly signInLink: { readonly url: string };
}

/** Runs the command line at a terminal of its own, answering each question as it comes. */
async function atTerminal(t: Test, args: readonly string[], answers: readonly (readonly [RegExp, string])[]) {
  const line = [process.execPath, launcher, ...args].map((one) => `'${one}'`).join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: top,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let shown = '';
  let asked = '';
  const left = [...answers];
  child.stdout.on('data', (part: Buffer) => {
    shown += part.toString();
    asked += part.toString();
    const [question, answer] = left[0] ?? [];
    if (question === undefined || !question.test(asked)) return;
    left.shift();
    asked = '';
    child.stdin.write(`${answer}\r`);
  });
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { status, shown };
}

/** Uses a sign-in link as a browser does, over the CA of the data folder; gives the client of its session. */
async function browserAt(data: string, link: string): Promise<Client> {
  const secret = new URL(link).hash.slice('#sign-in='.length);
  return await new Client({ ...accessOf(data), token: undefined }).begin({ secret });
}

t.test('people by the command line', async (t: Test) => {
  const data = join(tempFolder(t), 'data');
  process.env['XDG_CONFIG_HOME'] = tempFolder(t);
  mkdirSync(data);
  writeFileSync(join(data, 'oidc-secret'), 'the secret of the client\n', { mode: 0o600 });
  const settings = {
    ...{ oidcIssuer: 'https://id.example.org', oidcClientId: 'vedette', oidcTitle: 'Example ID' },
    ...{ oidcClientSecretFile: join(data, 'oidc-secret'), requestsPerMinute: 5000 },
  };
  writeFileSync(join(data, 'collector.json'), JSON.stringify(settings));
  const server = await Server.start(
    t,
    'collector',
    '--data',
    data,
    '--host',
    '0.0.0.0',
    '--port',
    '0',
    '--agent-port',
    '0',
  );
  const at = ['--data', data];
  const url = `https://127.0.0.1:${new URL(server.addresses.api).port}`;
  const profiles = join(process.env['XDG_CONFIG_HOME'], 'vedette', 'collectors.json');

  await t.test('users', async (t) => {
    const ways = await new Client({ ...accessOf(data), token: undefined }).get('/sign-in');
    t.same(ways, { password: false, oidc: { title: 'Example ID', url: '/api/v1/session/oidc' } });
    t.match(vedetteJson<UserJson[]>('users', 'list', ...at), [
      { name: 'admin', role: 'admin', hasPassword: false },
    ]);
    const made = vedetteJson<Made>(
      'users',
      'add',
      'Ada',
      '--role',
      'analyst',
      '--display-name',
      'Ada L.',
      ...at,
    );
    t.match(made, { user: { name: 'Ada', role: 'analyst' }, signInLink: { url: /#sign-in=/ } });
    t.match(vedette('users', 'add', 'ada', ...at), { status: 1, stderr: /access\.user_exists/ });
    t.match(vedette('users', 'add', 'x', '--role', 'king', ...at), { status: 2 });
    t.match(vedette('users', 'show', 'ADA', ...at).stdout, /role +analyst\ncomes in by +links only/);
    t.match(
      vedette('users', 'role', 'ada', 'responder', ...at).stdout,
      /user Ada has the role responder now/,
    );
    t.match(vedette('users', 'disable', 'ada', ...at).stdout, /is disabled/);
    t.match(vedette('users', 'list', ...at).stdout, /Ada +Ada L\. +responder +disabled +links only +never/);
    t.match(vedette('users', 'enable', 'ada', ...at).stdout, /is enabled/);
    t.match(vedette('users', 'reset-second-factor', 'ada', ...at).status, 0);
    vedetteJson('users', 'add', 'bob', ...at);
    t.match(vedette('users', 'remove', 'bob', ...at).stdout, /user bob is removed/);
  });

  await t.test('sign-in from elsewhere, with a password and a code, in no argument', async (t) => {
    const { url: link } = vedetteJson<{ url: string }>('users', 'sign-in-link', 'ada', ...at);
    const browser = await browserAt(data, link);
    await browser.call('PUT', '/account/password', {}, { next: password });
    t.match(vedette('login', url), {
      status: 1,
      stderr: /usage\.collector_untrusted.*--fingerprint or --ca/,
    });
    const [{ fingerprint } = { fingerprint: '' }] = vedetteJson<CaJson[]>('ca', 'show', ...at);
    t.match(vedette('login', url, '--fingerprint', 'ab'.repeat(32)), {
      status: 1,
      stderr: /usage\.collector_untrusted/,
    });
    t.match(vedette('login', 'http://collector.example:7080'), { status: 2, stderr: /without TLS/ });
    t.notOk(existsSync(profiles));

    const wrong = await atTerminal(
      t,
      ['login', url, '--fingerprint', fingerprint],
      [
        [/Name: /, 'ada'],
        [/Password: /, 'not the right one'],
      ],
    );
    t.equal(wrong.status, 1);
    t.match(wrong.shown, /api\.sign_in_refused/);
    const right = await atTerminal(
      t,
      ['login', url, '--user', 'ada'],
      [
        [/yes\/no/, 'yes'],
        [/Password: /, password],
      ],
    );
    t.equal(right.status, 0, right.shown);
    t.match(right.shown, new RegExp(`SHA-256 ${fingerprint}`));
    t.match(right.shown, /signed in to https:.* as ada/);
    t.notOk(right.shown.includes(password), 'what is typed is not shown');
    t.equal(statSync(profiles).mode & 0o777, 0o600);
    t.equal(statSync(join(profiles, '..')).mode & 0o777, 0o700);
    t.match(JSON.parse(readFileSync(profiles, 'utf8')), { collectors: [{ token: /^vdt_/, user: 'ada' }] });
    t.notOk(readFileSync(profiles, 'utf8').includes(password));

    const there = ['--collector', url];
    t.match(vedetteJson<object>('status', ...there), { version: /./ });
    t.match(vedetteJson<TokenJson[]>('tokens', 'list', '--own', ...there), [
      { name: /^vedette login on /, kind: 'personal', expiresAt: /T/ },
    ]);
    t.match(
      vedetteJson<SessionJson[]>('sessions', 'list', '--own', ...there),
      [],
      'the session that made it ended',
    );
    t.match(vedette('users', 'list', ...there), { status: 1, stderr: /api\.forbidden/ }, 'a responder there');
    t.match(vedette('status', '--collector', 'https://other.example'), {
      status: 1,
      stderr: /usage\.no_collector.*vedette login/,
    });
    t.match(vedetteJson<object[]>('login'), [{ url, user: 'ada', isCurrent: true }]);

    const changed = await atTerminal(
      t,
      ['password', ...there],
      [
        [/Present password of Ada: /, password],
        [/New password: /, next],
        [/The same again: /, next],
      ],
    );
    t.equal(changed.status, 0, changed.shown);
    const strong = await new Client({ ...accessOf(data), token: undefined }).begin({
      user: 'ada',
      password: next,
    });
    const { secret } = await strong.call<{ secret: string }>('POST', '/account/second-factor');
    const early = await generate({ secret, epoch: Math.floor(Date.now() / 1000) - 30 });
    await strong.call('PUT', '/account/second-factor', {}, { code: early });
    const withCode = await atTerminal(
      t,
      ['login', url, '--user', 'ada', '--fingerprint', fingerprint],
      [
        [/Password: /, next],
        [/Code: /, await generate({ secret })],
      ],
    );
    t.equal(withCode.status, 0, withCode.shown);

    chmodSync(profiles, 0o644);
    t.match(vedette('status', ...there), { status: 1, stderr: /usage\.profile_exposed/ });
    chmodSync(profiles, 0o600);
    t.match(vedette('logout').stdout, /its token is revoked/);
    t.match(vedette('status', ...there), { status: 1, stderr: /usage\.no_collector/ });
  });

  await t.test('tokens, sessions and what access depends on', async (t) => {
    t.match(vedette('tokens', 'create', 'mine', ...at), { status: 1, stderr: /api\.invalid.*service/ });
    const made = vedetteJson<{ token: TokenJson; secret: string }>(
      ...([
        'tokens',
        'create',
        'siem',
        '--service',
        'admin',
        '--scopes',
        'read,triage',
        '--expires',
        '1h',
        ...at,
      ] as const),
    );
    t.match(made.token, { kind: 'service', scopes: ['read', 'triage'] });
    t.match(
      vedetteFed(`${made.secret}\n`, 'login', url, '--token-stdin', '--ca', join(data, 'pki/trust.crt')),
      {
        status: 0,
        stdout: /as siem/,
      },
    );
    t.match(vedette('users', 'list', '--collector', url), {
      status: 1,
      stderr: /This token may not administer/,
    });
    t.match(vedette('tokens', 'revoke', made.token.id, ...at).stdout, /is revoked/);
    t.match(vedette('hosts', '--collector', url), { status: 1, stderr: /api\.unauthenticated/ });
    t.match(vedette('logout', url).stdout, /could not be told|is revoked/);

    const { url: link } = vedetteJson<{ url: string }>('users', 'sign-in-link', 'admin', ...at);
    const browser = await browserAt(data, link);
    const sessions = vedetteJson<SessionJson[]>('sessions', 'list', ...at);
    const own = sessions.find(({ userName }) => userName === 'admin');
    t.match(vedette('sessions', 'revoke', own?.id ?? '', ...at).stdout, /has ended/);
    await t.rejects(browser.get('/session'), { code: 'api.unauthenticated' });

    t.match(vedette('access', 'set', ...at), { status: 2 });
    t.match(vedette('access', 'set', '--allow', 'nonsense', ...at), { status: 1, stderr: /api\.invalid/ });
    const shut = vedetteJson(
      'access',
      'set',
      '--allow',
      '192.0.2.0/24',
      '--second-factor',
      'required',
      ...at,
    );
    t.match(shut, { allowedAddresses: ['192.0.2.0/24'], requireSecondFactor: true, sessionHours: 12 });
    await t.rejects(new Client({ ...accessOf(data), token: undefined }).get('/sign-in'), {
      code: 'access.address_refused',
    });
    t.equal(vedette('status', ...at).status, 0, 'on the machine of the collector one always gets in');
    t.match(vedette('access', 'set', '--allow-any', ...at).stdout, /allowed addresses +any/);
    t.match(vedette('password', ...at), { status: 2, stderr: /is no user/ });
  });

  await t.test('what was done is in the audit log, which is whole', async (t) => {
    const entries = vedetteJson<{ action: string }[]>('audit', '--limit', '200', ...at);
    const actions = new Set(entries.map(({ action }) => action));
    for (const action of [
      ...[
        'user.add',
        'user.change',
        'user.remove',
        'password.set',
        'second-factor.set',
        'second-factor.reset',
      ],
      ...[
        'session.begin',
        'session.refuse',
        'session.revoke',
        'session.end',
        'sign-in-link.make',
        'access.set',
      ],
      ...['token.make', 'token.revoke'],
    ])
      t.ok(actions.has(action), action);
    t.match(vedetteJson<object>('audit', 'verify', ...at), { broken: null });
  });
});
