import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Act } from '../act.ts';
import { asUser, inPlace, lacksPlace, password, syslog } from '../login-place.ts';
import { lacks, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account, type Fields, maybe } from '../told.ts';
import { freePort } from './network.ts';

/** Signing in through PAM, as syslog writes it down. */

const fromLog = { 'log.source': 'auth-log' } as const;

async function became(stage: Stage, user: string, action: string): Promise<void> {
  await stage.got.until('login', (event) => event['user.name'] === user && event['event.action'] === action);
}

const su: Act = {
  name: 'su fails, then succeeds',
  whyNot: () => lacks('su') || lacksPlace(),
  async perform(stage) {
    await syslog(stage);
    const failed = await asUser(stage, 'alice', 'wrong\n', ['su', '-c', 'true', 'bob']);
    if (failed.code === 0) throw new Error('su let in with a wrong password');
    const well = await asUser(stage, 'alice', `${password}\n`, ['su', '-c', 'true', 'bob']);
    if (well.code !== 0) throw new Error(well.said);
    await became(stage, 'bob', 'session-close');
    const both = { ...fromLog, 'process.name': 'su' } as const;
    const asked = { ...both, 'event.action': 'su', 'user.name': 'alice', 'user.effective.name': 'bob' };
    return [
      account(
        'login',
        { 'user.name': 'alice' },
        {
          ...asked,
          'event.outcome': 'failure',
          'process.pid': failed.pid,
          message: 'FAILED SU (to bob) alice on none',
        },
        {
          ...asked,
          'event.outcome': 'success',
          'process.pid': well.pid,
          message: '(to bob) alice on none',
        },
      ),
      account(
        'login',
        { 'user.name': 'bob' },
        {
          ...both,
          'event.action': 'session-close',
          'event.outcome': 'success',
          'user.name': 'bob',
          'authentication.service': 'su',
          'process.pid': well.pid,
          message: 'pam_unix(su:session): session closed for user bob',
        },
      ),
    ];
  },
};

const sudo: Act = {
  name: 'sudo is granted to one and refused to another',
  whyNot: () => lacks('sudo') || lacksPlace(),
  async perform(stage) {
    await syslog(stage);
    const well = await asUser(stage, 'carl', '', ['sudo', '-n', '/usr/bin/true']);
    if (well.code !== 0) throw new Error(well.said);
    const refused = await asUser(stage, 'mallory', `${password}\n`, ['sudo', '-S', '/usr/bin/id', '-u']);
    if (refused.code === 0) throw new Error('sudo let in who is not in sudoers');
    const told = {
      ...fromLog,
      'event.action': 'sudo',
      'user.effective.name': 'root',
      'process.name': 'sudo',
      'process.pid': maybe((pid) => Number(pid) > 0),
      // Of whoever runs the tests.
      'process.tty': maybe(/./),
    };
    return [
      account(
        'login',
        { 'user.name': 'carl' },
        {
          ...told,
          'event.outcome': 'success',
          'user.name': 'carl',
          'process.command_line': '/usr/bin/true',
          message: /carl : .*; USER=root ; COMMAND=\/usr\/bin\/true$/,
        },
      ),
      account(
        'login',
        { 'user.name': 'mallory' },
        {
          ...told,
          'event.outcome': 'failure',
          'user.name': 'mallory',
          'process.command_line': '/usr/bin/id -u',
          message: /mallory : user NOT in sudoers ;.*COMMAND=\/usr\/bin\/id -u$/,
        },
      ),
    ];
  },
};

/** An sshd of the place on loopback, with the key that lets ann in. */
async function sshd(stage: Stage): Promise<{ readonly port: number; readonly key: string }> {
  await syslog(stage);
  mkdirSync(stage.path('ssh'), { mode: 0o755 });
  const key = async (name: string) => {
    const path = stage.path(`ssh/${name}`);
    await run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path);
    return path;
  };
  const [host, user] = [await key('host'), await key('user')];
  chmodSync(`${user}.pub`, 0o644);
  mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort('127.0.0.1');
  const config = stage.write(
    'ssh/config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${host}`,
      `AuthorizedKeysFile ${user}.pub`,
      'StrictModes no',
      'UsePAM yes',
      'PasswordAuthentication yes',
      'KbdInteractiveAuthentication no',
      'PrintMotd no',
      'PidFile none',
    ].join('\n'),
  );
  inPlace(stage, '/usr/sbin/sshd', '-D', '-f', config);
  await stage.got.until(
    'network.connection',
    (event) => event['source.port'] === port && event['process.name'] === 'sshd',
  );
  return { port, key: user };
}

/** Signs in over ssh and runs `true`; gives the port it came from, as the kernel told it. */
async function ssh(stage: Stage, port: number, options: readonly string[]): Promise<number> {
  const quiet = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentityAgent=none'];
  const args = [...quiet, ...options].flatMap((one) => ['-o', one]);
  const askpass = stage.write('ssh/askpass', '#!/bin/sh\necho wrong\n', 0o755);
  const client = spawn('ssh', ['-F', 'none', ...args, '-p', `${port}`, 'ann@127.0.0.1', 'true'], {
    stdio: 'ignore',
    env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
  });
  await once(client, 'exit');
  const isIt = (event: EventByType['network.connection']) =>
    event['process.pid'] === client.pid && event['event.action'] === 'connected';
  return (await stage.got.until('network.connection', isIt))['source.port'];
}

const overSsh: Act = {
  name: 'ssh: a wrong password, then a key that opens, and the end',
  whyNot: () => lacks('/usr/sbin/sshd', 'ssh', 'ssh-keygen') || lacksPlace(),
  async perform(stage) {
    const { port, key } = await sshd(stage);
    const failedFrom = await ssh(stage, port, [
      'PreferredAuthentications=password',
      'NumberOfPasswordPrompts=1',
      'PubkeyAuthentication=no',
    ]);
    const from = await ssh(stage, port, ['BatchMode=yes', 'IdentitiesOnly=yes', `IdentityFile=${key}`]);
    await became(stage, 'ann', 'logout');
    const listed = spawnSync('ssh-keygen', ['-lf', `${key}.pub`], { encoding: 'utf8' }).stdout;
    const fingerprint = listed.split(' ')[1] ?? '';
    const common: Fields<'login'> = {
      ...fromLog,
      'user.name': 'ann',
      'process.name': /^sshd(?:-session)?$/,
      'process.pid': (pid) => Number(pid) > 0,
    };
    return [
      account(
        'login',
        { 'user.name': 'ann' },
        {
          ...common,
          'event.action': 'failed',
          'event.outcome': 'failure',
          'source.ip': '127.0.0.1',
          'source.port': failedFrom,
          'authentication.method': 'password',
          message: `Failed password for ann from 127.0.0.1 port ${failedFrom} ssh2`,
        },
        {
          ...common,
          'event.action': 'login',
          'event.outcome': 'success',
          'source.ip': '127.0.0.1',
          'source.port': from,
          'authentication.method': 'publickey',
          'authentication.key.type': 'ED25519',
          'authentication.key.fingerprint': fingerprint,
          message: `Accepted publickey for ann from 127.0.0.1 port ${from} ssh2: ED25519 ${fingerprint}`,
        },
        {
          ...common,
          'event.action': 'logout',
          'event.outcome': 'success',
          'authentication.service': 'sshd',
          message: 'pam_unix(sshd:session): session closed for user ann',
        },
      ),
    ];
  },
};

export const loginActs: readonly Act[] = [su, sudo, overSsh];
