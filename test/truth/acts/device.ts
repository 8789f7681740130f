import { spawnSync } from 'node:child_process';
import { existsSync, truncateSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacksLoop, loopDevice } from '../loop-device.ts';
import { lacks, play, run } from '../play.ts';
import type { Stage } from '../stage.ts';
import { account, type Fields } from '../told.ts';

/** Devices that need no hardware. */

const sh = programPath('sh');

const loop: Act = {
  name: 'a loop device is attached, held by a process, and detached',
  whyNot: lacksLoop,
  async perform(stage) {
    const image = stage.write('disk', '');
    truncateSync(image, 1024 * 1024);
    const device = loopDevice(stage, image);
    if (device === undefined) throw new Error('no loop device is free');
    const isDevice = (event: { readonly 'device.name'?: string | undefined }) =>
      event['device.name'] === device;
    await stage.got.until('device.change', isDevice);
    const script = `exec 3< ${device}; read line`;
    const player = await play(stage, sh, ['-c', script]);
    const isHeld = (event: { readonly 'process.pid'?: number | undefined }) =>
      event['process.pid'] === player.pid;
    await stage.got.until('device.access', isHeld);
    await player.letGo();
    await stage.got.until('device.access', (event) => isHeld(event) && event['event.action'] === 'released');
    await run('losetup', '-d', device);
    const change: Fields<'device.change'> = {
      'device.id': `/devices/virtual/block/${device.slice('/dev/'.length)}`,
      'device.kind': 'disk',
      'device.name': device,
      'device.model.name': image,
      'device.bus': 'block',
    };
    const access: Fields<'device.access'> = {
      'device.kind': 'disk',
      'device.name': device,
      ...actor(stage, player.pid, sh, `${sh} -c ${script}`),
    };
    return [
      account(
        'device.change',
        (event) => isDevice(event) && event['device.model.name'] === image,
        { 'event.action': 'attached', ...change },
        { 'event.action': 'detached', ...change },
      ),
      account(
        'device.access',
        { 'process.pid': player.pid },
        { 'event.action': 'opened', ...access },
        { 'event.action': 'released', ...access, 'device.held_us': (us) => Number(us) > 0 },
      ),
    ];
  },
};

/** A network interface that exists for a while. */
function networkInterface(
  name: string,
  kind: string,
  add: (name: string) => readonly string[],
  whyNot: () => string | false,
): Act {
  return {
    name: `${name} comes and goes`,
    whyNot: () => lacks('ip') || whyNot(),
    async perform(stage: Stage) {
      const device = `${kind}${process.pid}`;
      await run('ip', ...add(device));
      stage.atEnd(() => spawnSync('ip', ['link', 'del', device]));
      await stage.got.until('device.change', (event) => event['device.name'] === device);
      await run('ip', 'link', 'del', device);
      const common = {
        'device.id': `/devices/virtual/net/${device}`,
        'device.kind': 'network',
        'device.name': device,
        'device.bus': 'net',
        'device.virtual': true,
      };
      return [
        account(
          'device.change',
          { 'device.name': device },
          { 'event.action': 'attached', ...common },
          { 'event.action': 'detached', ...common },
        ),
      ];
    },
  };
}

function lacksVeth(): string | false {
  const made = spawnSync('ip', ['link', 'add', 'truthprobe', 'type', 'veth', 'peer', 'name', 'truthpeer']);
  if (made.status !== 0) return 'the kernel has no veth';
  spawnSync('ip', ['link', 'del', 'truthprobe']);
  return false;
}

export const deviceActs: readonly Act[] = [
  loop,
  networkInterface(
    'a pair of virtual network interfaces',
    'veth',
    (name) => ['link', 'add', name, 'type', 'veth', 'peer', 'name', `p${name}`],
    lacksVeth,
  ),
  networkInterface(
    'a tunnel',
    'tun',
    (name) => ['tuntap', 'add', 'dev', name, 'mode', 'tun'],
    () => !existsSync('/dev/net/tun') && 'the kernel has no tunnels',
  ),
];
