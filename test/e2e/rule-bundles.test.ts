/** Bundles of rules from the command line, for a small team that never heard of keys. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { ruleFolder, userRule, userTest } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { vedette, vedetteJson } from '../vedette.ts';
import { type Listed, type Pushed, startRules, tested } from './rules-scene.ts';

t.test('a small team pushes a folder in one command', async (t) => {
  const { server, data, run, ask } = await startRules(t);
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

  const again = await startRules(t, data);
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
