import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Addresses of the scratch host and of whoever it talks to. */
export const hostAddress = '198.51.100.2';

/** Starts the servers in a network namespace of their own and ties it to the one of the scratch host. */
export async function startInternet(folder: string): Promise<ChildProcess> {
  const [certificate, key] = [join(folder, 'internet.crt'), join(folder, 'internet.key')];
  const subject = ['-subj', '/CN=internet', '-days', '2'];
  run(
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  );
  const script = join(import.meta.dirname, 'internet.process.ts');
  const child = spawn('unshare', ['--net', process.execPath, script, certificate, key], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const space = String(child.pid);
  run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'wan', 'netns', space);
  const inside = (...args: readonly string[]) => run('nsenter', '-t', space, '-n', ...args);
  inside('ip', 'addr', 'add', '198.51.100.1/24', 'dev', 'wan');
  inside('ip', 'link', 'set', 'wan', 'up');
  inside('ip', 'link', 'set', 'lo', 'up');
  // Each of these addresses is the servers' own.
  for (const network of ['198.51.100.8/29', '198.51.100.16/28', '198.51.100.32/27', '198.51.100.64/26'])
    inside('ip', 'route', 'add', 'local', network, 'dev', 'lo');
  for (const network of ['198.51.100.128/25', '203.0.113.0/24', '10.9.0.0/16'])
    inside('ip', 'route', 'add', 'local', network, 'dev', 'lo');
  run('ip', 'addr', 'add', `${hostAddress}/24`, 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
  run('ip', 'route', 'add', 'default', 'via', '198.51.100.1');
  return child;
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}
