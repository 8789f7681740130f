/** Which collector a command asks: the one that is named, the one of the data folder, the one signed in to last. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accessOf } from '../../../collector/cli/client.ts';
import {
  findProfile,
  forgetProfile,
  keepProfile,
  originOf,
  type Profile,
  profileFile,
  readProfiles,
} from '../../../collector/cli/login/profiles.ts';

const profile = (url: string, more: Partial<Profile> = {}): Profile => ({
  ...{ url, token: `token of ${url}`, user: 'ada', expiresAt: null, ca: null, serverName: null, ...more },
});

function setUp(t: Test): string {
  const folder = t.testdir({});
  const before = { ...process.env };
  t.teardown(() => {
    for (const name of ['XDG_CONFIG_HOME', 'VEDETTE_DATA', 'VEDETTE_COLLECTOR'])
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  });
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config');
  delete process.env['VEDETTE_DATA'];
  delete process.env['VEDETTE_COLLECTOR'];
  return folder;
}

function running(folder: string, name: string, api: string): string {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'run.json'), JSON.stringify({ api }));
  writeFileSync(join(data, 'cli.token'), `token of ${name}\n`);
  return data;
}

t.test('in order', (t) => {
  const folder = setUp(t);
  const here = running(folder, 'here', 'https://0.0.0.0:1');
  const empty = join(folder, 'empty');
  const a = profile('https://a.example', { ca: 'PEM', serverName: 'collector.vedette.internal' });
  keepProfile(a);
  keepProfile(profile('https://b.example'));

  const local = {
    api: 'https://0.0.0.0:1',
    token: 'token of here',
    serverName: 'collector.vedette.internal',
  };
  t.match(accessOf(here), local, 'the folder that is named');
  t.match(accessOf(here, 'https://a.example'), {
    ...{ api: 'https://a.example', token: 'token of https://a.example' },
    ...{ ca: 'PEM', serverName: 'collector.vedette.internal' },
  });
  t.match(
    accessOf(undefined, 'a.example'),
    { api: 'https://a.example' },
    'https is meant where nothing is said',
  );
  process.env['VEDETTE_COLLECTOR'] = 'https://a.example';
  t.match(accessOf(undefined), { api: 'https://a.example' });
  t.match(accessOf(here), local, 'a flag goes before the environment');
  delete process.env['VEDETTE_COLLECTOR'];
  process.env['VEDETTE_DATA'] = here;
  t.match(accessOf(undefined), local);
  process.env['VEDETTE_DATA'] = empty;
  t.throws(() => accessOf(undefined), { code: 'usage.no_collector' }, 'a named folder is not made up for');
  t.throws(() => accessOf(empty), { code: 'usage.no_collector' });
  t.throws(() => accessOf(here, 'https://c.example'), { code: 'usage.no_collector' });
  t.end();
});

t.test('profiles: one for a collector, the last one is asked, the file is private', (t) => {
  setUp(t);
  t.same(readProfiles(), { current: null, collectors: [] });
  keepProfile(profile('https://a.example'));
  keepProfile(profile('https://b.example'));
  keepProfile(profile('https://a.example', { user: 'eve' }));
  t.match(findProfile(undefined), { url: 'https://a.example', user: 'eve' });
  t.equal(readProfiles().collectors.length, 2);
  forgetProfile('https://a.example');
  t.match(findProfile(undefined), { url: 'https://b.example' });
  forgetProfile('https://b.example');
  t.equal(findProfile(undefined), undefined);
  chmodSync(profileFile(), 0o640);
  t.throws(() => readProfiles(), { code: 'usage.profile_exposed' });
  chmodSync(profileFile(), 0o600);
  for (const text of ['{', '{}', '[]', 'null']) {
    writeFileSync(profileFile(), text);
    t.throws(() => readProfiles(), { code: 'data.corrupt' }, text);
  }
  t.end();
});

t.test('addresses: with TLS, but on this machine', (t) => {
  t.equal(originOf('https://c.example:7080/x?y'), 'https://c.example:7080');
  t.equal(originOf('http://127.0.0.1:7080'), 'http://127.0.0.1:7080');
  t.equal(originOf('http://[::1]:7080'), 'http://[::1]:7080');
  for (const bad of [
    'http://c.example',
    'http://127.0.0.1.evil.example',
    'ftp://c.example',
    'https://u:p@c',
    '',
  ])
    t.throws(() => originOf(bad), { code: 'usage.invalid' }, bad);
  t.end();
});
