import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacksLoop, loopDevice } from '../loop-device.ts';
import { lacks, play, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account } from '../told.ts';

/** File systems that come and go, here and in other namespaces. */

const provider = { 'event.provider': 'tracefs' } as const;
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

export const mountActs: readonly Act[] = [tmpfs, loop, elsewhere];
