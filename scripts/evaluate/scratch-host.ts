/**
 * A host to break into: a mount namespace whose root lies over that of this machine (what is written goes to memory),
 * a network namespace, a host name and IPC of its own. Processes share the pid namespace, in which the agent finds
 * those that the kernel tells of. Everything ends with the last process in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What may be written in the scratch host. It goes to memory, into an image of ext4 so that the kernel tells who wrote. */
const upperSize = '3g';
/** Between looks for processes that have not ended yet, and how often. */
const killPauseMs = 100;
const killTries = 50;
const traceFolder = '/sys/kernel/tracing/instances';

const checkout = join(import.meta.dirname, '../..');

/** Run by sh in the new namespaces; the checkout is there too when it lies on another disk or below /tmp; $@ is what to run in the scratch host. Nodes are those no disk hangs on; loop7 is open to be opened, with nothing behind it. */
const setUp = `set -e
mount -t tmpfs -o size=${upperSize},mode=755 scratch /mnt
mkdir /mnt/disk /mnt/root
if command -v mkfs.ext4 > /dev/null; then
  truncate -s ${upperSize} /mnt/image
  mkfs.ext4 -q -F -O ^has_journal /mnt/image
  mount -o loop /mnt/image /mnt/disk
fi
mkdir /mnt/disk/upper /mnt/disk/work
mount -t overlay scratch -o lowerdir=/,upperdir=/mnt/disk/upper,workdir=/mnt/disk/work /mnt/root
cd /mnt/root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
if [ -e proc/sysrq-trigger ]; then
  mount --bind proc/sysrq-trigger proc/sysrq-trigger
  mount -o remount,bind,ro proc/sysrq-trigger
fi
mount -t sysfs -o ro sysfs sys
mount -t tracefs tracefs sys/kernel/tracing
mount -t tmpfs -o mode=755 dev dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 dev/\${node%:*} c 1 \${node#*:}; done
mknod -m 640 dev/loop7 b 7 7
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
for folder in tmp var/tmp; do mount -t tmpfs -o mode=1777 tmp $folder; done
mount -t tmpfs -o mode=755 run run
mkdir run/sshd run/user run/lock
if [ ! -e ".$SCRATCH_CHECKOUT/package.json" ]; then
  mkdir -p ".$SCRATCH_CHECKOUT"
  mkdir run/upper run/work
  mount -t overlay checkout -o "lowerdir=$SCRATCH_CHECKOUT,upperdir=run/upper,workdir=run/work" ".$SCRATCH_CHECKOUT"
fi
pivot_root . .
umount -l .
cd /
hostname scratch
ip link set lo up
exec "$@"`;

/** Why no scratch host can be made here; undefined where it can. */
export function lacksForScratchHost(): string | undefined {
  if (process.platform !== 'linux') return 'it is for Linux only';
  if (process.getuid?.() !== 0) return 'it needs root: namespaces, mounts and an agent that sees everything';
  const tools = ['unshare', 'pivot_root', 'mount', 'ip', 'nsenter', 'bash'];
  const missing = tools.filter((tool) => !hasProgram(tool));
  return missing.length === 0 ? undefined : `it needs ${missing.join(', ')}`;
}

export function hasProgram(name: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin'].some((folder) =>
    existsSync(join(folder, name)),
  );
}

/**
 * Starts a program in a new scratch host, out of reach of the terminal's signals. It gets an IPC channel and must end
 * when that closes, so that nothing stays when this process is killed.
 */
export function startInScratchHost(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const spaces = ['--mount', '--net', '--uts', '--ipc', '--propagation', 'private'];
  return spawn('unshare', [...spaces, '/bin/sh', '-c', setUp, 'sh', ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env: { ...env, SCRATCH_CHECKOUT: checkout },
    cwd: '/',
  });
}

/** Ends every process that lives in the mount namespace of this one or bears the mark, but for this one itself. */
export async function endAllOthers(mark: string): Promise<void> {
  const own = spaceOf('self');
  await endAll((pid) => (own !== '' && spaceOf(pid) === own) || isMarked(pid, mark));
}

/** Ends what bears the mark, from outside, when what ran inside could not do it itself. */
export async function endMarked(mark: string): Promise<void> {
  await endAll((pid) => isMarked(pid, mark));
}

async function endAll(isMeant: (pid: string) => boolean): Promise<void> {
  for (let tries = 0; tries < killTries; tries++) {
    const left = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && isMeant(pid),
    );
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    await sleep(killPauseMs);
  }
}

/** Removes what an agent that was killed left in the kernel. */
export function removeTraceInstances(instance: string): void {
  if (!existsSync(traceFolder)) return;
  for (const name of readdirSync(traceFolder).filter((one) => one.startsWith(instance))) {
    try {
      rmdirSync(join(traceFolder, name));
    } catch {
      // Still held by a process that is ending; the next run removes it.
    }
  }
}

function spaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return '';
  }
}

/** What this process started bears a mark in its environment, wherever it went. */
function isMarked(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`VEDETTE_EVALUATE=${mark}`);
  } catch {
    return false;
  }
}
