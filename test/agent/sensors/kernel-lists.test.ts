import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parseProgram } from '../../../agent/sensors/kernel/bpf-programs.linux.ts';
import { parseModules } from '../../../agent/sensors/kernel/modules.linux.ts';
import { parseMountinfo } from '../../../agent/sensors/kernel/mounts.linux.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

/** The lists in /proc that the kernel sensor reads, and the sensor where nothing but them is to be had. */

const modules = `xt_conntrack 16384 2 - Live 0xffffffffc0a00000
nvidia 56823808 1234 nvidia_uvm,nvidia_modeset, Live 0xffffffffc1000000 (POE)
going 4096 0 - Unloading 0x0000000000000000
evil 8192 0 - Live 0x0000000000000000 (OE+)
`;

t.test('modules', async (t) => {
  t.same(
    [...parseModules(modules).values()],
    [
      { name: 'xt_conntrack', sizeBytes: 16_384, taints: undefined },
      { name: 'nvidia', sizeBytes: 56_823_808, taints: 'POE' },
      { name: 'going', sizeBytes: 4096, taints: undefined },
      { name: 'evil', sizeBytes: 8192, taints: 'OE+' },
    ],
  );
  for (const odd of ['', '\n\n', 'name', 'a b c d e f', ' a 1 1 - Live 0x0', 'a -1 1 - Live 0x0']) {
    t.equal(parseModules(odd).size, 0, odd);
  }
  t.equal(parseModules(`${modules.trim()} cut sho`).size, 3, 'a line that was cut');
});

const mounts = String.raw`22 28 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
99 28 0:50 / /mnt/a\040b\134c\012d rw master:1 propagate_from:2 - fuse.sshfs user@host:/a\040- rw
100 28 0:51 /sub /- ro - tmpfs  rw
`;

t.test('mounts', async (t) => {
  const found = parseMountinfo(mounts);
  t.equal(found.size, 4);
  t.match(found.get('28'), { point: '/', type: 'ext4', source: '/dev/nvme0n1p2', options: 'rw,relatime' });
  t.match(found.get('99'), { point: '/mnt/a b\\c\nd', type: 'fuse.sshfs', source: 'user@host:/a -' });
  t.match(found.get('100'), { point: '/-', type: 'tmpfs', source: '' });
  for (const odd of [
    '',
    ' - ',
    'a 1 1 / /x rw - t s',
    '1 2 3 / /x',
    '1 2 0:1 / /x rw - tmpfs',
    '-1 - - - - - - - -',
  ]) {
    t.equal(parseMountinfo(odd).size, 0, odd);
  }
});

t.test('names that are not ASCII stay what they are', async (t) => {
  const found = parseMountinfo('5 1 0:1 / /mnt/\u{1F600}\\040é rw - tmpfs größe rw\n');
  t.match(found.get('5'), { point: '/mnt/\u{1F600} é', source: 'größe' });
});

const program = `pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t2\nprog_type:\t2\nprog_jited:\t1
prog_tag:\ta5a7ab4c5d4e1f00\nmemlock:\t4096\nprog_id:\t77\nrun_time_ns:\t0\n`;

t.test('BPF programs', async (t) => {
  t.same(parseProgram(program), { id: '77', type: 'kprobe', tag: 'a5a7ab4c5d4e1f00' });
  t.equal(parseProgram(program.replace('prog_type:\t2', 'prog_type:\t9999'))?.type, '9999');
  for (const gone of ['prog_type', 'prog_id', 'prog_tag']) {
    t.equal(parseProgram(program.replace(gone, 'x')), undefined, gone);
  }
  t.equal(parseProgram('pos:\t0\nflags:\t02\nmap_id:\t5\n'), undefined);
});

t.test('no text makes any of them throw', async () => {
  const cut = (text: string) =>
    fc
      .tuple(fc.nat(text.length), fc.nat(text.length), fc.string({ unit: 'binary', maxLength: 30 }))
      .map(([a, b, put]) => text.slice(0, a) + put + text.slice(b));
  const texts = fc.oneof(fc.string({ unit: 'binary' }), ...[modules, mounts, program].map(cut));
  fc.assert(
    fc.property(texts, (text) => {
      for (const { name, sizeBytes } of parseModules(text).values()) {
        if (name === '' || !Number.isSafeInteger(sizeBytes)) return false;
      }
      for (const { id, point, type } of parseMountinfo(text).values()) {
        if (!/^\d+$/.test(id) || point === '' || type === '') return false;
      }
      parseProgram(text);
      return true;
    }),
    { numRuns: 2000 },
  );
});

async function sampled(t: Test) {
  const host = new FixtureHost();
  t.teardown(() => host.end());
  host.process(1, 'init', 0);
  host.write('proc/modules', modules);
  host.write('proc/self/mountinfo', mounts);
  const sensor = createSensors({ ...host.options, intervalMs: { kernel: 20 } }).find(
    (one) => one.describe().name === 'kernel',
  );
  const got = new Collected();
  const state = await sensor?.start(got.emit);
  t.teardown(async () => {
    await sensor?.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return { host, got, state };
}

const onLinux = { skip: process.platform === 'linux' ? false : 'not Linux' };

t.test('without kernel events: what changes between two looks', onLinux, async (t) => {
  const { host, got, state } = await sampled(t);
  t.match(state, { status: 'running', mode: 'sampled', note: /not seen/ });
  t.equal(got.of('module.change').length, 4);
  t.equal(got.of('mount.change').length, 4);
  t.ok(got.events.every((e) => e['event.baseline'] === true));
  host.write('proc/modules', modules.replace(/^evil .*\n/m, 'rootkit 4096 0 - Live 0x0 (OE)\n'));
  const loaded = await got.until('module.change', (e) => e['module.name'] === 'rootkit');
  t.match(loaded, { 'event.action': 'loaded', 'module.taints': 'OE', 'event.provider': 'procfs' });
  await got.until('module.change', (e) => e['event.action'] === 'unloaded' && e['module.name'] === 'evil');
  // The kernel gives the number of a mount that is gone to the next.
  host.write('proc/self/mountinfo', mounts.replace(/^99 .*\n/m, '99 28 0:52 / /mnt/new rw - tmpfs new rw\n'));
  t.match(await got.until('mount.change', (e) => e['mount.point'] === '/mnt/new'), {
    'event.action': 'mounted',
  });
  t.match(await got.until('mount.change', (e) => e['event.action'] === 'unmounted'), {
    'mount.point': '/mnt/a b\\c\nd',
  });
  t.equal(got.events.filter((e) => e['event.baseline'] !== true).length, 4);
});

t.test('a list that is gone for a while is not taken for an empty one', onLinux, async (t) => {
  const { host, got } = await sampled(t);
  host.remove('proc/modules');
  host.remove('proc/self/mountinfo');
  await new Promise((resolve) => setTimeout(resolve, 100));
  host.write('proc/modules', `late 4096 0 - Live 0x0\n${modules}`);
  await got.until('module.change', (e) => e['module.name'] === 'late');
  t.equal(got.events.filter((e) => e['event.baseline'] !== true).length, 1);
});

t.test('ten thousand mounts at once: told up to the bound, the rest counted', onLinux, async (t) => {
  const { host, got } = await sampled(t);
  const many = Array.from({ length: 10_000 }, (_, i) => `${1000 + i} 28 0:60 / /mnt/${i} rw - tmpfs t rw\n`);
  host.write('proc/self/mountinfo', mounts + many.join(''));
  await got.until('mount.change', (e) => e['event.baseline'] !== true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(got.of('mount.change').filter((e) => e['event.baseline'] !== true).length, 1024);
});
