/** Bundles of rules from the command line: a small team that never heard of keys, and one that keeps them offline. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { BundleJson, BundleListJson, RootJson } from '../../collector/api/json/bundle.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { ruleFolder, userRule, userTest } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

interface Pushed {
  readonly bundle: BundleJson;
  readonly inForce: BundleListJson['inForce'];
}
type Listed = BundleListJson & { readonly root: Pick<RootJson, 'version' | 'online'> };

async function started(t: Test, data = tempFolder(t)) {
  const server = await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);
  return {
    server,
    data,
    run: (...args: string[]) => vedette('rules', ...args, '--data', data),
    ask: <T>(...args: string[]) => vedetteJson<T>('rules', ...args, '--data', data),
  };
}

const tested = (id: string, begins: string) => ({
  [`${id}.yml`]: userRule(id, begins),
  [`${id}.test.yml`]: userTest(`${begins}1`, `no-${begins}`),
});

t.test('a small team pushes a folder in one command', async (t) => {
  const { server, data, run, ask } = await started(t);
  t.match(run('bundles').stdout, /starter pack.*bundle 0[\s\S]*online keys/);
  t.match(vedetteJson<StatusJson>('status', '--data', data).detection, { bundle: null });
  for (const role of ['root', 'signing', 'expiry'])
    t.equal(statSync(join(data, 'rule-keys', `${role}.key`)).mode & 0o777, 0o600);

  const folder = ruleFolder(t, tested('own', 'eve'));
  const { bundle, inForce } = ask<Pushed>('push', folder, '--reason', 'our first');
  t.match(bundle, { version: 1, untested: 0, addedBy: 'cli' });
  t.match(inForce, { version: 1, digest: bundle.digest });
  const detection = vedetteJson<StatusJson>('status', '--data', data).detection;
  t.match(detection.bundle, { version: 1, digest: bundle.digest });
  t.match(
    vedette('status', '--data', data).stdout,
    new RegExp(`bundle 1 \\(${bundle.digest.slice(0, 16)}\\)`),
  );
  t.ok(detection.rules > 15, 'the starter pack is still at work');
  t.equal(ask<Pushed>('push', folder, '--no-starter-pack').bundle.version, 2);
  t.equal(vedetteJson<StatusJson>('status', '--data', data).detection.rules, 1, 'unless it is left out');

  const untested = ruleFolder(t, { 'new.yml': userRule('new', 'mallory') });
  t.match(run('push', untested), { status: 1, stderr: /rules\.untested: 1: rules\/new\.yml/ });
  const failing = ruleFolder(t, { 'new.yml': userRule('new', 'm'), 'new.test.yml': userTest('x', 'y') });
  t.match(run('push', failing), { status: 1, stderr: /rules\.untested.*it is one/ });
  const broken = ruleFolder(t, { 'bad.yml': 'title: Bad\ndetection: none\n' });
  t.match(run('push', broken, '--force-untested'), { status: 1, stderr: /rules\.refused.*rules\/bad\.yml/ });
  t.equal(ask<Listed>('bundles').inForce?.version, 2, 'what was refused changed nothing');
  const forced = ask<Pushed>('push', untested, '--force-untested', '--no-starter-pack').bundle;
  t.match(forced, { version: 3, untested: 1, untestedFiles: ['rules/new.yml'] });

  t.match(run('activate', '2'), { status: 1, stderr: /bundle\.older/ });
  t.match(run('rollback', '--reason', 'too loud').stdout, /Bundle 2 is in force/);
  const listed = ask<Listed>('bundles');
  t.equal(listed.inForce?.version, 2);
  t.same(
    listed.switches.map((one) => [one.version, one.reason]),
    [
      [2, 'too loud'],
      [3, ''],
      [2, ''],
      [1, 'our first'],
    ],
  );
  await server.end('SIGKILL');

  const again = await started(t, data);
  t.match(again.ask<Listed>('bundles').inForce, listed.inForce, 'and stays so over a restart');
  t.equal(vedetteJson<StatusJson>('status', '--data', data).detection.rules, 1);
  const kept = again.ask<Pushed>('push', folder, '--no-activate');
  t.match(kept, { bundle: { version: 4 }, inForce: null });
  t.equal(again.ask<Listed>('bundles').inForce?.version, 2);
  t.match(again.run('activate', '4'), { status: 0 });

  const file = join(tempFolder(t), 'a.bundle');
  t.match(again.ask('export', '--output', file), { version: 4 });
  t.match(vedetteJson('rules', 'verify', file), { version: 4, signers: [{ name: 'collector signing' }] });
  const bytes = readFileSync(file);
  writeFileSync(`${file}.cut`, bytes.subarray(0, -5));
  t.match(vedette('rules', 'verify', `${file}.cut`), { status: 1, stderr: /bundle\.truncated/ });
  bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1);
  writeFileSync(file, bytes);
  t.match(vedette('rules', 'verify', file), { status: 1, stderr: /bundle\.file_changed/ });
  t.match(again.run('push', file), { status: 1, stderr: /bundle\.file_changed/ });
  t.match(again.run('push', join(folder, 'none')), { status: 1, stderr: /data\.unreadable/ });

  const items = vedetteJson<{ action: string; target: string }[]>('audit', '--data', data);
  const actions = items.map(({ action, target }) => `${action} ${target}`);
  for (const done of [
    'root.make root 1',
    'bundle.build bundle 1',
    'bundle.activate bundle 1',
    'bundle.rollback bundle 2',
  ])
    t.ok(actions.includes(done), done);
});

t.test('keys that are kept offline, several of them, and an air gap', async (t) => {
  const { run, ask } = await started(t);
  const away = tempFolder(t);
  const at = (name: string) => join(away, name);
  writeFileSync(at('passphrase'), 'a long enough one\n');
  const secret = ['--passphrase-file', at('passphrase')];
  const offline = <T>(...args: string[]) => vedetteJson<T>('rules', ...args);
  for (const name of ['alice', 'bob', 'carol', 'dan', 'erin']) {
    offline('keygen', name, '--output', away, ...secret);
    t.equal(statSync(at(`${name}.key`)).mode & 0o777, 0o600);
  }
  t.match(vedette('rules', 'keygen', 'alice', '--output', away, ...secret), {
    status: 1,
    stderr: /key\.exists/,
  });
  t.match(vedette('rules', 'keygen', 'x', '--output', away), { status: 2, stderr: /passphrase/ });
  const sign = (what: string[], name: string) =>
    vedette('rules', ...what, '--key', at(`${name}.key`), ...secret);

  const folder = ruleFolder(t, tested('own', 'eve'));
  ask('push', folder);
  ask('root', 'show', '--output', at('now.json'));
  const roles = ['root=alice', 'root=bob', 'signing=carol', 'signing=dan', 'expiry=erin'];
  offline(
    ...['root', 'init', '--after', at('now.json'), '--output', at('next.json'), '--threshold', 'root=2'],
    ...[
      '--threshold',
      'signing=2',
      ...roles.flatMap((one) => [
        '--key',
        `${at(one).replace(`${away}/`, '').replace('=', `=${away}/`)}.pub`,
      ]),
    ],
  );
  t.match(run('root', 'install', at('next.json')), { status: 1, stderr: /bundle\.root_rotation/ });
  t.match(sign(['root', 'sign', at('next.json')], 'alice'), { status: 0 });
  t.match(run('root', 'install', at('next.json')), { status: 1, stderr: /bundle\.root_rotation/ });
  t.match(sign(['root', 'sign', at('next.json')], 'bob'), { status: 0 });
  t.match(run('root', 'install', at('next.json')).stdout, /Root 2 is trusted; online keys: none/);
  t.match(ask<Listed>('bundles').root, { version: 2, online: [] });
  t.match(run('push', folder), { status: 1, stderr: /bundle\.key_offline/ });

  const file = at('b.bundle');
  const build = [
    'rules',
    'build',
    folder,
    '--output',
    file,
    '--bundle-version',
    '7',
    '--expires',
    '2099-01-01',
  ];
  t.match(vedette(...build, '--root', at('next.json')), { status: 0, stdout: /bundle 7/ });
  const first = readFileSync(file);
  vedette(...build, '--root', at('next.json'));
  t.ok(readFileSync(file).equals(first), 'built again it is the same');
  t.match(run('push', file), { status: 1, stderr: /bundle\.signature/ });
  t.match(sign(['sign', file], 'carol').stdout, /has 1 signatures for signing/);
  t.match(sign(['sign', file], 'carol').stdout, /has 1 signatures/, 'the same key counts once');
  t.match(run('push', file), { status: 1, stderr: /bundle\.signature.*1 of the 2/ });
  t.match(sign(['sign', file], 'dan').stdout, /has 2 signatures for signing/);
  t.match(run('push', file), { status: 1, stderr: /bundle\.statement_missing/ });
  t.match(sign(['sign', file, '--role', 'expiry'], 'dan').stdout, /1 signatures for expiry/);
  t.match(run('push', file), { status: 1, stderr: /bundle\.signature.*expiry/ }, 'by one who may not');
  t.match(sign(['sign', file, '--role', 'expiry', '--valid', '30d'], 'erin'), { status: 0 });
  const wrong = vedette('rules', 'sign', file, '--key', at('erin.key'), '--passphrase-file', file);
  t.match(wrong, { status: 1, stderr: /key\.locked/ });
  t.match(offline('verify', file, '--root', at('next.json')), { version: 7, root: 2, isRootGiven: true });
  t.match(vedette('rules', 'verify', file, '--root', at('now.json')), { status: 1, stderr: /bundle\.root/ });
  t.match(run('push', file).stdout, /Bundle 7 .* is in force/);

  t.match(run('export', '--output', at('c.bundle')), { status: 0 });
  t.match(
    offline('verify', at('c.bundle'), '--root', at('now.json')),
    { version: 7, root: 2 },
    'whoever trusts root 1 can follow',
  );
  const older = join(away, 'older.bundle');
  vedette('rules', 'build', folder, '--output', older, '--bundle-version', '6', '--root', at('next.json'));
  for (const name of ['carol', 'dan']) sign(['sign', older], name);
  sign(['sign', older, '--role', 'expiry'], 'erin');
  t.match(run('push', older), { status: 1, stderr: /bundle\.older/ });
  sign(['sign', older, '--role', 'expiry', '--rollback-from', '7'], 'erin');
  t.match(run('push', older, '--no-activate'), { status: 0 });
  t.match(run('rollback', '6').stdout, /Bundle 6 is in force/);

  const untested = ruleFolder(t, { 'u.yml': userRule('u', 'x') });
  const marked = ['rules', 'build', untested, '--output', at('u.bundle'), '--bundle-version', '9'];
  t.match(vedette(...marked), { status: 1, stderr: /rules\.untested/ });
  t.match(vedette(...marked, '--force-untested'), { status: 0 });
  t.match(sign(['sign', at('u.bundle')], 'carol'), { status: 1, stderr: /rules\.untested/ });
  t.match(sign(['sign', at('u.bundle'), '--force-untested'], 'carol'), { status: 0 });
});
