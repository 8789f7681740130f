import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { HeldNodes, maxHeld } from '../../../agent/sensors/device/access.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { tempFolder } from '../../temp.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

/** With looks so far apart, what is told soon was told by the kernel's count of uevents. */
const never = 3_600_000;

async function watch(t: Test, intervalMs: number): Promise<Collected> {
  const options = { provider: 'linux', intervalMs: { device: intervalMs, process: 50 } } as const;
  const sensor = createSensors(options).find((each) => each.describe().name === 'device');
  const got = new Collected();
  const state = await sensor?.start(got.emit);
  t.match(state, { status: 'running' });
  t.teardown(async () => {
    await sensor?.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return got;
}

/** A loop device over a file of its own, or why there can be none. */
function loopDevice(t: Test): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const file = join(tempFolder(t), 'disk');
  writeFileSync(file, Buffer.alloc(1024 * 1024));
  const { status, stdout } = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  const device = status === 0 ? stdout.trim() : undefined;
  if (device !== undefined) t.teardown(() => spawnSync('losetup', ['-d', device]));
  return device;
}

function interfaceSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const made = spawnSync('ip', ['link', 'add', 'vedettep0', 'type', 'veth', 'peer', 'name', 'vedettep1']);
  if (made.status !== 0) return 'no network interface can be made here';
  spawnSync('ip', ['link', 'del', 'vedettep0']);
  return false;
}

t.test('interfaces come and go between looks', { skip: interfaceSkip() }, async (t) => {
  const got = await watch(t, never);
  const add = ['link', 'add', 'vedette0', 'type', 'veth', 'peer', 'name', 'vedette1'];
  execFileSync('ip', add);
  const attached = await got.until('device.change', (event) => event['device.name'] === 'vedette0');
  t.match(attached, { 'event.action': 'attached', 'device.kind': 'network', 'device.virtual': true });
  execFileSync('ip', ['link', 'del', 'vedette0']);
  execFileSync('ip', add);
  await got.until('device.change', (event) => event['event.action'] === 'detached');
  execFileSync('ip', ['link', 'del', 'vedette0']);
  for (const name of ['vedette0', 'vedette1']) {
    let told: string[] = [];
    for (let i = 0; i < 1000 && told.length < 2; i++) {
      await sleep(20);
      told = got
        .of('device.change')
        .filter((event) => event['device.name'] === name)
        .map((event) => event['event.action']);
    }
    t.equal(told[0], 'attached');
    t.ok(told.includes('detached'), 'and gone, though another took its name');
  }
});

t.test('a loop device, and who holds it for how long', async (t) => {
  const got = process.platform === 'linux' ? await watch(t, 100) : new Collected();
  const device = loopDevice(t);
  if (device === undefined) {
    t.comment('no loop device can be made here');
    return;
  }
  t.match(
    await got.until(
      'device.change',
      (event) => event['device.name'] === device && event['event.action'] === 'attached',
    ),
    {
      'device.kind': 'disk',
      'device.model.name': /disk$/,
    },
  );
  const child = spawn('sh', ['-c', `exec sleep 60 < ${device}`], { stdio: 'ignore' });
  const opened = await got.until('device.access', (event) => event['process.pid'] === child.pid);
  t.match(opened, { 'event.action': 'opened', 'device.kind': 'disk', 'device.name': device });
  await sleep(300);
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  const released = await got.until(
    'device.access',
    (event) => event['process.pid'] === child.pid && event['event.action'] === 'released',
  );
  t.equal(released['process.entity_id'], opened['process.entity_id']);
  t.ok(Number(released['device.held_us']) >= 250_000, 'for as long as it was held');
  t.equal(released['device.held_us'], released.time - opened.time);

  const fd = openSync(device, 'r');
  await got.until(
    'device.access',
    (event) => event['process.pid'] === process.pid && event['event.action'] === 'opened',
  );
  closeSync(fd);
  await got.until(
    'device.access',
    (event) => event['process.pid'] === process.pid && event['event.action'] === 'released',
  );
  execFileSync('losetup', ['-d', device]);
  await got.until(
    'device.change',
    (event) => event['device.name'] === device && event['event.action'] === 'detached',
  );
});

t.test(
  'without a count of uevents it looks now and then, and says so',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.process(1, 'init', 0);
    host.write('sys/class/block/vda/size', '1\n');
    const sensor = createSensors(host.options).find((each) => each.describe().name === 'device');
    const got = new Collected();
    await sensor?.start(got.emit);
    t.match(sensor?.state(), { note: /devices at each look/ });
    host.write('sys/class/net/tun0/ifindex', '7\n');
    t.match(await got.until('device.change', (event) => event['device.name'] === 'tun0'), {
      'device.virtual': true,
    });
    host.write('sys/class/net/tun0/ifindex', '8\n');
    await got.until('device.change', (event) => event['event.action'] === 'detached');
    await sensor?.stop();
    t.same(got.faults, []);
  },
);

t.test('held nodes are bounded', async (t) => {
  const held = new HeldNodes('/dev');
  const many = Array.from({ length: maxHeld + 5 }, (_, pid) => ({
    pid,
    process: undefined,
    node: '/dev/mem',
  }));
  t.equal(held.compare(many, 1).length, maxHeld);
  t.equal(held.shed, 5);
  const released = held.compare([], 4);
  t.equal(released.length, maxHeld);
  t.equal(released[0]?.['device.held_us'], 3);
});
