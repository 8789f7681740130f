import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../agent/sensors/kernel-host.ts';
import { lacks } from './play.ts';
import { type Stage, writeBelow } from './stage.ts';

/**
 * A place to sign in at: a mount namespace in which /etc/passwd and its like are those of the stage, and a syslog
 * daemon that writes into its logs. Programs in it are those of the host, and so is PAM.
 */

export const password = 'correct horse';

export function lacksPlace(): string | false {
  return lacks('rsyslogd', 'unshare', 'setpriv', 'openssl', 'mount', 'mknod');
}

/** Users of the place: with that password, but for those who can only be become. */
const users = { ann: 1601, alice: 1602, bob: 1603, carl: 1604, mallory: 1605 } as const;
export type PlaceUser = keyof typeof users;

export function furnishPlace(root: string): void {
  const hash = spawnSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).stdout.trim();
  const each = (line: (name: string, id: number) => string) =>
    Object.entries(users)
      .map(([name, id]) => `${line(name, id)}\n`)
      .join('');
  const passwd = each((name, id) => `${name}:x:${id}:${id}::/:/bin/sh`);
  writeBelow(
    root,
    'etc/passwd',
    `root:x:0:0:root:/root:/bin/sh\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n${passwd}`,
  );
  const group = each((name, id) => `${name}:x:${id}:`);
  writeBelow(root, 'etc/group', `root:x:0:\ntty:x:5:\nshadow:x:42:\nnogroup:x:65534:\n${group}`);
  const shadow = each((name) => `${name}:${hash}:19000:0:99999:7:::`);
  writeBelow(root, 'etc/shadow', `root:*:19000:0:99999:7:::\nsshd:*:19000::::::\n${shadow}`, 0o640);
  writeBelow(root, 'etc/sudoers', 'Defaults !use_pty\ncarl ALL = (root) NOPASSWD: /usr/bin/true\n', 0o440);
  writeBelow(root, 'var/log/lastlog', '');
  const socket = join(root, 'dev-log');
  writeBelow(
    root,
    'rsyslog.conf',
    [
      'module(load="imuxsock" SysSock.Use="off")',
      `input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")`,
      `auth,authpriv.* action(type="omfile" file="${join(root, 'var/log/auth.log')}" template="RSYSLOG_FileFormat")`,
      `*.*;auth,authpriv.none action(type="omfile" file="${join(root, 'var/log/syslog')}" template="RSYSLOG_FileFormat")`,
      '',
    ].join('\n'),
  );
}

const setUp = `set -e
mount -t tmpfs -o mode=755 dev /dev
for node in null:3 zero:5 random:8 urandom:9; do mknod -m 666 /dev/\${node%:*} c 1 \${node#*:}; done
mknod -m 666 /dev/tty c 5 0
mkdir /dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s "$PLACE/dev-log" /dev/log
for file in etc/passwd etc/shadow etc/group etc/sudoers var/log/wtmp var/log/btmp var/log/lastlog; do
  [ ! -e "/$file" ] || mount --bind "$PLACE/$file" "/$file"
done
exec "$@"`;

/** Starts a program in the place. Its pid is the program's own: everything before it execs the next. */
export function inPlace(stage: Stage, command: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', '/bin/sh', '-c', setUp, 'sh', command, ...args],
    { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, PLACE: stage.root }, cwd: '/' },
  );
  stage.atEnd(() => child.kill('SIGKILL'));
  return child;
}

/** Runs it as a user of the place with this on its standard input; resolves when it ended. */
export async function asUser(
  stage: Stage,
  user: PlaceUser,
  input: string,
  command: readonly string[],
): Promise<{ readonly pid: number; readonly code: number; readonly said: string }> {
  const id = users[user];
  const child = inPlace(stage, 'setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', ...command);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  return { pid: child.pid ?? -1, code: code as number, said };
}

const logging = new WeakMap<Stage, Promise<void>>();

/** The syslog daemon of the place, started once. */
export function syslog(stage: Stage): Promise<void> {
  const running = logging.get(stage) ?? startSyslog(stage);
  logging.set(stage, running);
  return running;
}

async function startSyslog(stage: Stage): Promise<void> {
  const socket = stage.path('dev-log');
  const daemon = spawn(
    'rsyslogd',
    ['-n', '-f', stage.path('rsyslog.conf'), '-i', stage.path('rsyslogd.pid')],
    {
      stdio: 'ignore',
    },
  );
  const ended = once(daemon, 'exit');
  stage.atEnd(async () => {
    daemon.kill('SIGKILL');
    await ended;
  });
  await until(() => existsSync(socket), 'a socket of syslog');
  chmodSync(socket, 0o666);
}
