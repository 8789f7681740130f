import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { isLocal, parseMounts, readMounts } from '../../../agent/sensors/linux/mounts.ts';
import { settingsOf } from '../../../agent/sensors/options.ts';
import { Pace } from '../../../agent/sensors/pace.ts';
import { getcapLine } from '../../../agent/sensors/package/privilege/capabilities.linux.ts';
import { ownersOf } from '../../../agent/sensors/package/privilege/owners.linux.ts';
import { PackageScene } from './package-scene.ts';

/** Files that give more rights than their caller has. */

const onLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
const eager = { privilegeEntriesPerSecond: 1e6, privilegePassMs: 100, firstPassMs: 0 };

t.test('privileges', { skip: !onLinux && 'Linux only' }, async (t) => {
  t.test('set-uid and set-gid: there, new, changed and gone', async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    scene.furnish();
    const program = (name: string, mode: number) => {
      host.write(name, name);
      chmodSync(host.path(name), mode);
    };
    host.write('etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
    host.write('var/lib/dpkg/info/alpha:amd64.list', '/.\n/bin/su\n');
    program('usr/bin/su', 0o4755);
    program('usr/bin/plain', 0o755);
    program('usr/bin/locking', 0o2644);
    program('opt/a\nb/\u001b[2J', 0o2755);
    program('var/lib/docker/overlay2/x/diff/usr/bin/su', 0o4755);
    mkdirSync(host.path('srv/shared'), { recursive: true });
    chmodSync(host.path('srv/shared'), 0o2775);
    host.link('srv/link', host.path('usr/bin/su'));
    const got = await scene.start(eager);
    const told = (name: string, action: string) =>
      got.until(
        'file.privilege',
        (event) => event['file.path'] === host.path(name) && event['event.action'] === action,
      );
    t.match(await told('usr/bin/su', 'found'), {
      'event.baseline': true,
      'file.mode': '4755',
      'file.owner': isRoot ? 'root' : undefined,
      'file.hash.sha256': /^[0-9a-f]{64}$/,
      'file.packaged': true,
      'package.name': 'alpha',
      'package.type': 'deb',
      'file.capabilities': undefined,
    });
    t.match(await told('opt/a\nb/\u001b[2J', 'found'), { 'file.packaged': false, 'package.name': undefined });
    program('tmp/evil', 0o6755);
    t.match(await told('tmp/evil', 'found'), {
      'event.baseline': undefined,
      'file.mode': '6755',
      'file.packaged': false,
    });
    chmodSync(host.path('tmp/evil'), 0o4711);
    t.match(await told('tmp/evil', 'changed'), { 'file.mode': '4711' });
    chmodSync(host.path('tmp/evil'), 0o711);
    await told('tmp/evil', 'gone');
    rmSync(host.path('usr/bin/su'));
    await told('usr/bin/su', 'gone');
    t.equal(got.of('file.privilege').length, 6);
    t.same(got.faults, []);
  });

  const mayCap = isRoot && ['getcap', 'setcap'].every((tool) => spawnSync(tool, ['-h']).error === undefined);
  t.test('capabilities', { skip: !mayCap && 'needs getcap and setcap, and root' }, async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    scene.furnish();
    host.write('usr/bin/ping me', 'x');
    if (spawnSync('setcap', ['cap_net_raw+ep', host.path('usr/bin/ping me')]).status !== 0) {
      t.pass('this file system keeps no capabilities');
      return;
    }
    const got = await scene.start(eager);
    t.match(await got.until('file.privilege', (event) => event['event.action'] === 'found'), {
      'file.path': host.path('usr/bin/ping me'),
      'file.capabilities': 'cap_net_raw=ep',
      'file.mode': '0644',
    });
    spawnSync('setcap', ['cap_net_raw,cap_net_admin+eip', host.path('usr/bin/ping me')]);
    t.match(await got.until('file.privilege', (event) => event['event.action'] === 'changed'), {
      'file.capabilities': 'cap_net_admin,cap_net_raw=eip',
    });
    spawnSync('setcap', ['-r', host.path('usr/bin/ping me')]);
    await got.until('file.privilege', (event) => event['event.action'] === 'gone');
  });

  t.test('without getcap', async (t) => {
    const scene = new PackageScene(t);
    scene.furnish();
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    t.teardown(() => {
      process.env['PATH'] = path;
    });
    const got = await scene.start(eager, 20);
    const endMs = Date.now() + 30_000;
    for (let note: string | undefined; note === undefined && Date.now() < endMs; await sleep(20)) {
      const state = got.sensor.state();
      note = state.status === 'running' ? state.note : undefined;
    }
    t.match(got.sensor.state(), { note: /file capabilities are not seen: getcap is not here/ });
  });

  t.test(
    'who owns the programs of this host, as dpkg says',
    { skip: spawnSync('dpkg', ['--version']).status !== 0 && 'needs dpkg' },
    async (t) => {
      const paths = ['/usr/bin/su', '/usr/bin/passwd', '/usr/bin/mount', '/usr/bin/nothing'];
      const dpkgSays = (path: string) =>
        [path, path.replace('/usr', '')]
          .map(
            (name) =>
              /^([^:]+):/.exec(spawnSync('dpkg', ['-S', name], { encoding: 'utf8' }).stdout ?? '')?.[1],
          )
          .find((name) => name !== undefined);
      const real = new Map(paths.map((path) => [path, dpkgSays(path)]));
      const owners = await ownersOf(paths, settingsOf({}));
      for (const [path, name] of real) t.equal(owners?.get(path)?.name, name, path);
    },
  );

  t.test('the mounts of this host', async (t) => {
    const mounts = readMounts('/proc');
    t.ok(mounts.some(({ path }) => path === '/'));
    const proc = mounts.find(({ path }) => path === '/proc');
    t.ok(proc !== undefined && !isLocal(proc));
  });
});

t.test('mountinfo', async (t) => {
  const text =
    '36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n37 35 0:1 / /mnt\\0402 rw - nfs4 host:/x rw\n38 1 0:5 / /odd\n';
  t.same(parseMounts(text), [{ path: '/mnt 2', type: 'nfs4' }], 'the upper of two');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      parseMounts(text).every(({ path }) => path.startsWith('/')),
    ),
  );
});

t.test('lines of getcap', async (t) => {
  t.same(getcapLine('/usr/bin/ping cap_net_raw=ep'), {
    path: '/usr/bin/ping',
    capabilities: 'cap_net_raw=ep',
  });
  t.same(getcapLine('/usr/bin/a b = cap_net_raw,cap_sys_admin+eip'), {
    path: '/usr/bin/a b',
    capabilities: 'cap_net_raw,cap_sys_admin+eip',
  });
  t.same(getcapLine('/x =ep'), { path: '/x', capabilities: '=ep' });
  t.equal(getcapLine('Failed to get capabilities'), undefined);
  fc.assert(fc.property(fc.string(), (line) => getcapLine(line)?.path.startsWith('/') !== false));
});

t.test('pace', async (t) => {
  const pace = new Pace(1000);
  await pace.spend(1000);
  const beganMs = performance.now();
  for (let i = 0; i < 300; i++) await pace.spend(10);
  t.ok(performance.now() - beganMs > 1500, '3000 units at 1000 a second');
  const waiting = pace.spend(1e9);
  pace.close();
  await t.rejects(waiting);
  await t.rejects(pace.spend(1));
  await t.rejects(pace.rest(1));
});
