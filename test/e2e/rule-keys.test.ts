/** Bundles of rules whose keys lie offline, from the command line. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ruleFolder, userRule } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { vedette, vedetteJson } from '../vedette.ts';
import { type Listed, startRules, tested } from './rules-scene.ts';

t.test('keys that are kept offline, several of them, and an air gap', async (t) => {
  const { run, ask } = await startRules(t);
  const away = tempFolder(t);
  const at = (name: string) => join(away, name);
  writeFileSync(at('passphrase'), 'a long enough one\n');
  const secret = ['--passphrase-file', at('passphrase')];
  const offline = <T>(...args: string[]) => vedetteJson<T>('rules', ...args);
  for (const name of ['alice', 'bob', 'carol', 'dan', 'erin']) {
    // Locking takes long on purpose: one is enough.
    const how = name === 'erin' ? secret : ['--plain'];
    t.match(offline('keygen', name, '--output', away, ...how), { isLocked: name === 'erin' });
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

t.test('root and signing offline, the collector says which bundle is the one to run', async (t) => {
  const { run, ask } = await startRules(t);
  const away = tempFolder(t);
  const at = (name: string) => join(away, name);
  const root = (...args: string[]) => vedette('rules', 'root', ...args);
  for (const name of ['alice', 'bob', 'carol']) vedette('rules', 'keygen', name, '--output', away, '--plain');
  ask('root', 'show', '--output', at('now.json'));
  t.match(root('rotate', at('now.json'), '--output', at('next.json'), '--expires', '400d').stdout, /^Root 2/);
  const edits = [
    ['add-key', `root=${at('alice.pub')}`],
    ['add-key', `root=${at('bob.pub')}`],
    ['threshold', 'root=2'],
    ['add-key', `signing=${at('carol.pub')}`],
    ['remove-key', 'root=collector root'],
    ['remove-key', 'signing=collector signing'],
  ] as const;
  for (const [what, value] of edits) t.match(root(what, at('next.json'), value), { status: 0 }, what);
  t.match(root('remove-key', at('next.json'), 'root=nobody'), { status: 2, stderr: /0 keys/ });
  t.match(root('remove-key', at('next.json'), 'signing=carol'), { status: 2, stderr: /0 keys and asks/ });
  t.match(root('threshold', at('next.json'), 'signing=2'), { status: 2, stderr: /asks for 2/ });
  t.match(root('add-key', at('next.json'), `king=${at('bob.pub')}`), { status: 2 });
  t.match(root('add-key', at('next.json'), `root=${at('bob.key')}`), {
    status: 1,
    stderr: /key\.unreadable/,
  });
  for (const name of ['alice', 'bob']) root('sign', at('next.json'), '--key', at(`${name}.key`));
  t.match(run('root', 'install', at('next.json')).stdout, /online keys: expiry/);
  t.match(run('root', 'install', at('next.json')), { status: 1, stderr: /bundle\.root_older/ });

  const folder = ruleFolder(t, tested('own', 'eve'));
  vedette('rules', 'build', folder, '--output', at('b.bundle'), '--bundle-version', '1', '--no-starter-pack');
  vedette('rules', 'sign', at('b.bundle'), '--key', at('carol.key'));
  t.match(run('push', at('b.bundle')).stdout, /Bundle 1 .* is in force/);
  t.match(ask<Listed>('bundles'), { refusedWith: null, inForce: { version: 1 } });
});
