import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { tempFolder } from '../../temp.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

/** A real sshd on loopback; what it says is given the head that syslog would put before it. */

const sshd = '/usr/sbin/sshd';
function skip(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  if (!existsSync(sshd)) return 'sshd is not installed';
  return spawnSync('ssh', ['-V']).error === undefined ? false : 'ssh is not installed';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

t.test('an unknown user, a refused key, a key that opens, and the end', { skip: skip() }, async (t) => {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  host.write('var/log/auth.log', '');
  const folder = tempFolder(t);
  chmodSync(folder, 0o700);
  const key = (name: string) => {
    const path = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
    return path;
  };
  const [hostKey, good, bad] = [key('host'), key('good'), key('bad')];
  copyFileSync(`${good}.pub`, join(folder, 'authorized'));
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'LogLevel VERBOSE',
    'PidFile none',
  ];
  writeFileSync(join(folder, 'config'), config.join('\n'));
  mkdirSync('/run/sshd', { recursive: true });
  const daemon = spawn(sshd, ['-D', '-e', '-f', join(folder, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  t.teardown(async () => {
    daemon.kill();
    await ended;
  });
  let said = '';
  daemon.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
    const lines = said.split(/\r?\n/);
    said = lines.pop() ?? '';
    const headed = lines.map((line) => `${new Date().toISOString()} h sshd[${daemon.pid}]: ${line}\n`);
    host.append('var/log/auth.log', headed.join(''));
  });
  const sensors = createSensors({ ...host.options, journal: false }).filter((each) =>
    ['login', 'log'].includes(each.describe().name),
  );
  const got = new Collected();
  for (const sensor of sensors) await sensor.start(got.emit);
  t.teardown(async () => {
    for (const sensor of sensors) await sensor.stop();
  });
  await got.until('log.line', (event) => event.message.startsWith('Server listening on 127.0.0.1'));
  const knock = (user: string, identity: string) =>
    new Promise<number | null>((resolve) => {
      const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
      const args = [...options, 'IdentitiesOnly=yes', 'IdentityAgent=none'].flatMap((one) => ['-o', one]);
      const client = spawn(
        'ssh',
        ['-F', 'none', ...args, '-i', identity, '-p', `${port}`, `${user}@127.0.0.1`, 'true'],
        { stdio: 'ignore' },
      );
      client.once('close', (code) => resolve(code));
    });
  t.not(await knock('nobody-here', bad), 0);
  t.match(await got.until('login', (event) => event['user.name'] === 'nobody-here'), {
    'event.action': 'failed',
    'event.outcome': 'failure',
    'source.ip': '127.0.0.1',
    'source.port': Number,
  });
  t.not(await knock('root', bad), 0);
  const fingerprint = (path: string) =>
    execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' }).split(' ')[1];
  t.match(
    await got.until(
      'login',
      (event) => event['event.outcome'] === 'failure' && event['user.name'] === 'root',
    ),
    { 'authentication.method': 'publickey', 'authentication.key.fingerprint': fingerprint(bad) },
  );
  t.equal(await knock('root', good), 0);
  t.match(await got.until('login', (event) => event['event.action'] === 'login'), {
    'event.outcome': 'success',
    'user.name': 'root',
    'source.ip': '127.0.0.1',
    'authentication.method': 'publickey',
    'authentication.key.type': 'ED25519',
    'authentication.key.fingerprint': fingerprint(good),
    'process.name': 'sshd',
  });
  await sleep(100);
  t.equal(got.of('login').filter((event) => event['event.action'] === 'login').length, 1);
  t.same(got.faults, []);
});
