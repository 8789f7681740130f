import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Act } from '../act.ts';
import { lacks, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account } from '../told.ts';

/** The tools of the shadow package, on the files of the stage. */

/** A user of the stage, added if need be; resolves once that was told. */
async function user(stage: Stage, name: string, id: string, home = `/home/${name}`): Promise<void> {
  const options = ['--uid', id, '--user-group', '--shell', '/bin/sh', '--home-dir', home];
  await run('useradd', '--prefix', stage.root, ...options, name);
  await stage.got.until('account.change', (event) => event['user.name'] === name);
  await stage.settle();
}

const facts = (name: string, id: string) => ({
  'user.name': name,
  'user.id': id,
  'user.home': `/home/${name}`,
  'user.shell': '/bin/sh',
  'user.privileged': false,
});

const added: Act = {
  name: 'a user is added',
  whyNot: () => lacks('useradd'),
  async perform(stage) {
    await user(stage, 'carol', '1501');
    return [
      account(
        'account.change',
        { 'user.name': 'carol' },
        { 'event.action': 'user-added', ...facts('carol', '1501') },
      ),
      account(
        'account.change',
        { 'group.name': 'carol' },
        { 'event.action': 'group-added', 'group.name': 'carol', 'group.id': '1501' },
      ),
    ];
  },
};

const changed: Act = {
  name: 'a user gets another shell, then the right to sudo, and goes',
  whyNot: () => lacks('useradd', 'usermod', 'userdel', 'gpasswd'),
  async perform(stage) {
    const name = 'dave';
    await user(stage, name, '1502');
    const told = (action: string) =>
      stage.got.until(
        'account.change',
        (event) => event['user.name'] === name && event['event.action'] === action,
      );
    await run('usermod', '--prefix', stage.root, '--shell', '/bin/bash', name);
    await told('user-changed');
    await run('usermod', '--prefix', stage.root, '--append', '--groups', 'sudo', name);
    await told('group-member-added');
    await run('userdel', '--prefix', stage.root, name);
    await told('user-removed');
    const shell = { 'user.shell': '/bin/bash' };
    return [
      account(
        'account.change',
        { 'user.name': name },
        { 'event.action': 'user-added', ...facts(name, '1502') },
        {
          'event.action': 'user-changed',
          ...facts(name, '1502'),
          ...shell,
          'user.changes': ['shell: /bin/sh -> /bin/bash'],
        },
        {
          'event.action': 'group-member-added',
          'group.name': 'sudo',
          'group.id': '27',
          'user.name': name,
          'user.id': '1502',
          'user.privileged': true,
        },
        {
          'event.action': 'group-member-removed',
          'group.name': 'sudo',
          'group.id': '27',
          'user.name': name,
          'user.id': '1502',
          'user.privileged': false,
        },
        { 'event.action': 'user-removed', ...facts(name, '1502'), ...shell, 'user.privileged': true },
      ),
    ];
  },
};

const key: Act = {
  name: 'a key that may sign in',
  whyNot: () => lacks('useradd', 'ssh-keygen'),
  async perform(stage) {
    // Keys are looked for in the home itself, wherever the rest of the host has its root.
    await user(stage, 'erin', '1503', stage.path('home/erin'));
    const path = stage.path('key');
    await run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'erin@desk', '-f', path);
    const line = readFileSync(`${path}.pub`, 'utf8');
    const listed = spawnSync('ssh-keygen', ['-lf', `${path}.pub`], { encoding: 'utf8' }).stdout;
    const fingerprint = listed.split(' ')[1] ?? '';
    const file = stage.write('home/erin/.ssh/authorized_keys', line, 0o600);
    return [
      account(
        'account.change',
        { 'authentication.key.fingerprint': fingerprint },
        {
          'event.action': 'key-added',
          'user.name': 'erin',
          'user.id': '1503',
          'user.privileged': false,
          'file.path': file,
          'authentication.key.type': 'ssh-ed25519',
          'authentication.key.fingerprint': fingerprint,
          'change.after': `ssh-ed25519 ${fingerprint} erin@desk`,
        },
      ),
    ];
  },
};

const sudoRule: Act = {
  name: 'a rule of sudo',
  async perform(stage) {
    const rule = '%backup ALL = (root) NOPASSWD: /usr/bin/rsync';
    const path = stage.write('etc/sudoers.d/backup', `# Nightly.\n${rule}\n`, 0o440);
    return [
      account(
        'account.change',
        { 'file.path': path },
        {
          'event.action': 'sudo-rule-added',
          'file.path': path,
          'group.name': 'backup',
          'change.after': rule,
        },
      ),
    ];
  },
};

export const accountActs: readonly Act[] = [added, changed, key, sudoRule];
