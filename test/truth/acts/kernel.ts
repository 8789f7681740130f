import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacks, type Player, play, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { lacksSyscalls, syscalls } from '../syscalls.ts';
import { account, maybe } from '../told.ts';

/** What is done to the kernel and to other processes. */

const perl = programPath('perl');
const provider = { 'event.provider': 'tracefs' } as const;

/** A perl that does it when it is let go by one line, and stays until the end of its input. */
async function perlThat(stage: Stage, code: string): Promise<Player & { readonly line: string }> {
  const args = ['-MPOSIX', '-e', `my $line = <STDIN>; ${code}; $line = <STDIN>;`];
  const player = await play(stage, perl, args);
  player.child.stdin?.write('\n');
  return { ...player, line: [perl, ...args].join(' ') };
}

const setuid: Act = {
  name: 'a process changes its user, and cannot change it back',
  whyNot: () => lacks('perl'),
  async perform(stage) {
    const { pid, line, letGo } = await perlThat(
      stage,
      'POSIX::setgid(1); POSIX::setuid(65534); POSIX::setuid(0)',
    );
    await stage.got.until(
      'process.identity',
      (event) => event['process.pid'] === pid && event['event.outcome'] === 'failure',
    );
    await letGo();
    const root = { ...provider, ...actor(stage, pid, perl, line) };
    const nobody = { ...root, 'user.id': '65534', 'user.name': 'nobody' };
    return [
      account(
        'process.identity',
        { 'process.pid': pid },
        { ...root, 'event.action': 'setgid', 'event.outcome': 'success', 'group.changes.id': '1' },
        {
          ...root,
          'event.action': 'setuid',
          'event.outcome': 'success',
          'user.changes.id': '65534',
          'user.changes.name': 'nobody',
        },
        {
          ...nobody,
          'event.action': 'setuid',
          'event.outcome': 'failure',
          'user.changes.id': '0',
          'user.changes.name': 'root',
        },
      ),
    ];
  },
};

/** The other process of an access, as events have it. */
function target(stage: Stage, { pid }: Player) {
  return {
    'process.target.pid': pid,
    'process.target.entity_id': (id: unknown) => id !== undefined && id === stage.entityOf(pid),
    'process.target.name': 'cat',
    'process.target.executable': programPath('cat'),
    'process.target.user.name': 'root',
  };
}

const attach: Act = {
  name: 'a process attaches to another as a debugger does',
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    const victim = await play(stage, '/bin/cat', []);
    const { pid, line, letGo } = await perlThat(
      stage,
      `syscall(${syscalls?.ptrace}, 16, ${victim.pid}, 0, 0)`,
    );
    await stage.got.until('process.access', (event) => event['process.pid'] === pid);
    await letGo();
    victim.child.kill('SIGKILL');
    return [
      account(
        'process.access',
        { 'process.target.pid': victim.pid },
        {
          ...provider,
          'event.action': 'ptrace-attach',
          'event.outcome': 'success',
          ...target(stage, victim),
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

const memoryWrite: Act = {
  name: "a process writes into another's memory",
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    const victim = await play(stage, '/bin/cat', []);
    const stack = /^[\da-f]+-([\da-f]+) .*\[stack\]$/m.exec(readFileSync(`/proc/${victim.pid}/maps`, 'utf8'));
    // The last eight bytes of a stack are nothing but its end.
    const end = `0x${stack?.[1] ?? '0'}`;
    const code = [
      'my $zeros = "\\0" x 8; my $from = pack("Q2", unpack("Q", pack("p", $zeros)), 8)',
      `my $to = pack("Q2", ${end} - 8, 8)`,
      `syscall(${syscalls?.writeMemory}, ${victim.pid}, $from, 1, $to, 1, 0) == 8 or die $!`,
    ].join('; ');
    const { pid, line, letGo } = await perlThat(stage, code);
    await stage.got.until('process.access', (event) => event['process.pid'] === pid);
    await letGo();
    victim.child.kill('SIGKILL');
    return [
      account(
        'process.access',
        { 'process.target.pid': victim.pid },
        {
          ...provider,
          'event.action': 'memory-write',
          ...target(stage, victim),
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

const bpf: Act = {
  name: 'a BPF program is loaded',
  whyNot: () => lacks('perl') || lacksSyscalls,
  async perform(stage) {
    // r0 = 0; exit: a socket filter that lets nothing through, and hangs on no socket.
    const code = [
      'my $program = pack("H*", "b700000000000000" . "9500000000000000"); my $licence = "GPL\\0"',
      'my $at = sub { unpack("Q", pack("p", $_[0])) }',
      'my $load = pack("LLQQx96", 1, 2, $at->($program), $at->($licence))',
      `our $fd = syscall(${syscalls?.bpf}, 5, $load, length $load); $fd >= 0 or die $!`,
    ].join('; ');
    const { pid, line, letGo } = await perlThat(stage, code);
    await stage.got.until('bpf.load', (event) => event['process.pid'] === pid);
    const held = readdirSync(`/proc/${pid}/fdinfo`)
      .map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
      .find((text) => text.includes('prog_tag'));
    await letGo();
    return [
      account(
        'bpf.load',
        { 'process.pid': pid },
        {
          ...provider,
          'bpf.program.id': /^prog_id:\s*(\S+)$/m.exec(held ?? '')?.[1] ?? 'none',
          'bpf.program.type': 'socket_filter',
          'bpf.program.tag': /^prog_tag:\s*(\S+)$/m.exec(held ?? '')?.[1] ?? 'none',
          ...actor(stage, pid, perl, line),
        },
      ),
    ];
  },
};

const mount = programPath('mount');
const umount = programPath('umount');

function mountFolder(stage: Stage, name: string): string {
  const point = stage.path(name);
  mkdirSync(point, { recursive: true });
  stage.atEnd(() => spawnSync('umount', ['-l', point]));
  return point;
}

/** Mounts and unmounts; all that is told of the place. */
async function mountedAndUnmounted(
  stage: Stage,
  point: string,
  args: readonly string[],
  about: { readonly source: string; readonly type: string; readonly options: RegExp },
) {
  const mounting = await run(mount, ...args, point);
  // One that is gone before the list of mounts is read is told of without its place.
  await stage.got.until('mount.change', (event) => event['mount.point'] === point);
  const unmounting = await run(umount, point);
  const common = {
    ...provider,
    'mount.point': point,
    'mount.source': about.source,
    'mount.type': about.type,
    'mount.options': about.options,
  };
  return account(
    'mount.change',
    { 'mount.point': point },
    {
      ...common,
      'event.action': 'mounted',
      ...actor(stage, mounting, mount, [mount, ...args, point].join(' ')),
    },
    {
      ...common,
      'event.action': 'unmounted',
      ...actor(stage, unmounting, umount, `${umount} ${point}`),
    },
  );
}

const tmpfs: Act = {
  name: 'a tmpfs is mounted and unmounted',
  whyNot: () => lacks('mount', 'umount'),
  async perform(stage) {
    const point = mountFolder(stage, 'mnt/fast disk');
    const args = ['-t', 'tmpfs', '-o', 'size=64k,nosuid,ro', 'truth'];
    const options = /^ro,nosuid,relatime$/;
    return [await mountedAndUnmounted(stage, point, args, { source: 'truth', type: 'tmpfs', options })];
  },
};

/** A loop device over a file; undefined where there can be none. */
export function loopDevice(stage: Stage, file: string): string | undefined {
  const { status, stdout } = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const device = stdout.trim();
  stage.atEnd(() => {
    const backing = `/sys/block/${device.slice('/dev/'.length)}/loop/backing_file`;
    if (existsSync(backing) && readFileSync(backing, 'utf8').trimEnd() === file)
      spawnSync('losetup', ['-d', device]);
  });
  return device;
}

export function lacksLoop(): string | false {
  return lacks('losetup') || (!existsSync('/dev/loop-control') && 'the kernel has no loop devices');
}

const loop: Act = {
  name: 'a loop device is mounted and unmounted',
  whyNot: () => lacks('mkfs.ext4', 'mount', 'umount') || lacksLoop(),
  async perform(stage) {
    const image = stage.path('image');
    writeFileSync(image, '');
    truncateSync(image, 8 * 1024 ** 2);
    await run('mkfs.ext4', '-q', image);
    const device = loopDevice(stage, image);
    if (device === undefined) throw new Error('no loop device is free');
    const point = mountFolder(stage, 'mnt/image');
    const told = await mountedAndUnmounted(stage, point, ['-o', 'noexec', device], {
      source: device,
      type: 'ext4',
      options: /^rw,noexec,relatime$/,
    });
    await run('losetup', '-d', device);
    return [told];
  },
};

const elsewhere: Act = {
  name: 'a mount in a namespace of its own',
  whyNot: () => lacks('unshare', 'mount'),
  async perform(stage) {
    const point = mountFolder(stage, 'mnt/hidden');
    const sh = programPath('sh');
    const script = `read line; mount -t tmpfs hidden ${point}; read line`;
    const player = await play(
      stage,
      programPath('unshare'),
      ['--mount', sh, '-c', script],
      (event) => event['process.name'] === 'sh' || event['process.executable'] === sh,
    );
    const namespace = /\d+/.exec(readlinkSync(`/proc/${player.pid}/ns/mnt`))?.[0] ?? '';
    player.child.stdin?.write('\n');
    const { 'process.pid': pid = 0 } = await stage.got.until(
      'mount.change',
      (event) =>
        event['mount.namespace'] === namespace && event['process.command_line']?.endsWith(point) === true,
    );
    await player.letGo();
    return [
      account('mount.change', { 'mount.point': point }),
      account(
        'mount.change',
        { 'process.pid': pid },
        {
          ...provider,
          'event.action': 'mounted',
          'mount.namespace': namespace,
          ...actor(stage, pid, mount, `mount -t tmpfs hidden ${point}`),
          'process.parent.executable': sh,
        },
      ),
    ];
  },
};

/** One that most kernels with modules have, and hardly any uses. */
const moduleName = 'dummy';

function lacksModules(): string | false {
  if (!existsSync('/proc/modules')) return 'the kernel has no modules';
  const missing = lacks('modprobe');
  if (missing !== false) return missing;
  if (existsSync(`/sys/module/${moduleName}`)) return `the module ${moduleName} is in use`;
  const { status } = spawnSync('modprobe', ['--dry-run', moduleName]);
  return status === 0 ? false : `the kernel has no module ${moduleName}`;
}

const modules: Act = {
  name: 'a kernel module is loaded and unloaded',
  whyNot: lacksModules,
  async perform(stage) {
    const modprobe = programPath('modprobe');
    stage.atEnd(() => spawnSync('modprobe', ['-r', moduleName]));
    const loading = await run('modprobe', moduleName);
    const told = await stage.got.until('module.change', (event) => event['module.name'] === moduleName);
    const row = new RegExp(`^${moduleName} (\\d+) `, 'm').exec(readFileSync('/proc/modules', 'utf8'));
    const unloading = await run('modprobe', '-r', moduleName);
    const common = {
      ...provider,
      'module.name': moduleName,
      'module.size': Number(row?.[1]),
      'module.taints': maybe(told['module.taints'] ?? ''),
    };
    return [
      account(
        'module.change',
        { 'module.name': moduleName },
        {
          ...common,
          'event.action': 'loaded',
          ...actor(stage, loading, modprobe, `modprobe ${moduleName}`),
        },
        {
          ...common,
          'event.action': 'unloaded',
          ...actor(stage, unloading, modprobe, `modprobe -r ${moduleName}`),
        },
      ),
    ];
  },
};

export const kernelActs: readonly Act[] = [setuid, attach, memoryWrite, bpf, tmpfs, loop, elsewhere, modules];
