import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { tempFolder } from '../../temp.ts';
import { modeOf, noKernelEvents, startKernel, tracefs, until } from './kernel-host.ts';

/** The kernel sensor on real events: what it tells, and what it leaves alone while it rests. */

const hasTools = ['unshare', 'setpriv', 'mount', 'perl'].every((tool) =>
  ['/usr/bin', '/bin'].some((folder) => existsSync(join(folder, tool))),
);
const options = { skip: noKernelEvents || (hasTools ? false : 'needs unshare, setpriv, mount and perl') };

const eventsOf = (instance: string) =>
  readFileSync(join(tracefs, 'instances', instance, 'set_event'), 'utf8')
    .split('\n')
    .filter(Boolean);

t.test('put to rest it turns its events off, woken it has them again', options, async (t) => {
  const { got, sensors, instance } = await startKernel(t, ['kernel']);
  const kernel = sensors.find((sensor) => sensor.describe().name === 'kernel');
  const whole = eventsOf(instance);
  const its = (names: readonly string[]) => names.filter((name) => /ptrace|setuid|sys_exit_mount/.test(name));
  t.equal(its(whole).length, 4);
  const folder = tempFolder(t);
  const mount = (name: string) => {
    mkdirSync(join(folder, name));
    t.equal(spawnSync('mount', ['-t', 'tmpfs', 'none', join(folder, name)]).status, 0);
    t.equal(spawnSync('umount', [join(folder, name)]).status, 0);
  };
  for (let round = 0; round < 3; round++) {
    await kernel?.stop('at rest: a test');
    t.same(its(eventsOf(instance)), []);
    t.ok(eventsOf(instance).includes('sched:sched_process_exit'), 'what others have stays on');
    const before = got.events.length;
    mount(`unseen${round}`);
    await sleep(200);
    t.same(
      got.events.slice(before).filter((e) => e.type === 'mount.change'),
      [],
    );
    await kernel?.start(got.emit);
    await until(() => modeOf(kernel) === 'kernel', 'kernel mode');
    t.same(eventsOf(instance).toSorted(), whole.toSorted());
    // Gone before it can be looked at: that it was made is told, once.
    const seen = got.of('mount.change').length;
    mount(`seen${round}`);
    await until(() => got.of('mount.change').length >= seen + 2, 'mounted and unmounted');
    await sleep(200);
    const told = got
      .of('mount.change')
      .slice(seen)
      .filter((e) => e['event.provider'] === 'tracefs');
    t.same(
      told.map((e) => e['event.action']),
      ['mounted', 'unmounted'],
    );
  }
});

t.test('a mount here and one in another namespace', options, async (t) => {
  const { got } = await startKernel(t, ['kernel']);
  const folder = tempFolder(t);
  const script = 'mount -t tmpfs -o size=64k vedette-test "$0"; sleep 1; umount "$0"';
  const here = spawn('/bin/sh', ['-c', script, folder], { stdio: 'ignore' });
  const mounted = await got.until('mount.change', (e) => e['mount.point'] === folder);
  t.match(mounted, {
    'event.action': 'mounted',
    'event.provider': 'tracefs',
    'mount.source': 'vedette-test',
    'mount.type': 'tmpfs',
    'process.name': 'mount',
    'process.command_line': `mount -t tmpfs -o size=64k vedette-test ${folder}`,
    'user.id': '0',
  });
  const gone = await got.until(
    'mount.change',
    (e) => e['mount.point'] === folder && e['event.action'] === 'unmounted',
  );
  t.equal(gone['process.name'], 'umount');
  t.not(here.pid, gone['process.pid']);
  const there = spawn('unshare', ['--mount', '/bin/sh', '-c', script, folder], { stdio: 'ignore' });
  const other = await got.until('mount.change', (e) => e['mount.namespace'] !== undefined);
  t.match(other, { 'event.action': 'mounted', 'mount.point': undefined });
  await got.until('process.end', (e) => e['process.pid'] === there.pid);
  t.equal(got.of('mount.change').filter((e) => e['mount.point'] === folder).length, 2, 'not seen here');
});

t.test('changes of identity: granted, refused, and what changes nothing', options, async (t) => {
  const { got } = await startKernel(t, ['kernel']);
  // setresuid(65534), setresuid(0) refused, setresuid(65534) again, by number: perl makes these calls itself.
  const script = `
    require "syscall.ph" if 0;
    $) = "65534 65534"; $( = 65534; $> = 65534; $< = 65534;
    $> = 0;
    print "$> ";`;
  const child = spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', '/bin/true']);
  t.equal(child.status, 0);
  const changed = await got.until('process.identity', (e) => e['process.pid'] === child.pid);
  const own = got.of('process.identity').filter((e) => e['process.pid'] === child.pid);
  t.ok(own.length >= 2, `${own.length}`);
  t.ok(own.every((e) => e['event.outcome'] === 'success'));
  t.ok(own.some((e) => e['user.changes.id'] === '65534' && e['user.changes.name'] === 'nobody'));
  t.ok(own.some((e) => e['group.changes.id'] === '65534'));
  t.equal(changed['process.name'], 'setpriv');
  const perl = spawnSync('perl', ['-e', script], { encoding: 'utf8' });
  t.equal(perl.stdout, '65534 ');
  await got.until('process.end', (e) => e['process.pid'] === perl.pid);
  const tried = got.of('process.identity').filter((e) => e['process.pid'] === perl.pid);
  const toRoot = tried.filter((e) => e['user.changes.id'] === '0');
  t.ok(toRoot.length > 0, 'the attempt');
  t.ok(toRoot.every((e) => e['event.outcome'] === 'failure'));
  t.match(toRoot[0], { 'user.id': '65534' });
});

t.test('what the agent itself writes is not told to it', options, async (t) => {
  const { instance } = await startKernel(t, ['kernel']);
  for (const event of ['writeback/writeback_dirty_inode_start', 'ext4/ext4_mark_inode_dirty']) {
    const at = join(tracefs, 'instances', instance, 'events', event, 'filter');
    if (existsSync(at)) t.match(readFileSync(at, 'utf8'), `common_pid != ${process.pid}`);
  }
});
