import t, { type Test } from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import { LinuxHost } from '../../../agent/sensors/linux/host.ts';
import { settingsOf } from '../../../agent/sensors/options.ts';
import { ProcessLinux } from '../../../agent/sensors/process/linux.ts';
import { Collected } from './collected.ts';
import { FixtureHost } from './fixture-host.ts';

/** A host of our making, looked at when we say so. */
async function looked(t: Test) {
  const files = new FixtureHost();
  files.write('etc/passwd', 'al:x:1000:1000::/:/bin/sh\n');
  files.write('proc/uptime', '100.00 1.0\n');
  files.write('proc/sys/kernel/random/boot_id', 'b00t\n');
  files.process(1, 'init', 0);
  const settings = settingsOf({ ...files.options, intervalMs: { process: 0 } });
  const host = new LinuxHost(settings);
  const provider = new ProcessLinux(host, settings);
  const got = new Collected();
  t.teardown(() => files.end());
  return { files, host, got, look: () => provider.look(got.emit) };
}

const linuxOnly = { skip: process.platform !== 'linux' };

t.test('what a process is made of', linuxOnly, async (t) => {
  const { files, got, look } = await looked(t);
  await look();
  files.process(50, 'odd) name\n(', 1, 9000);
  files.write('proc/50/cmdline', Buffer.from('a b\0\xff\x1b[2J\0\0\0', 'latin1'));
  files.write('proc/50/status', 'Uid:\t1000\t0\t0\t0\n');
  files.write('proc/50/cgroup', `0::/docker/${'0a'.repeat(32)}\n`);
  files.link('proc/50/exe', '/opt/x (deleted)');
  files.link('proc/50/cwd', '/tmp');
  await look();
  const event = await got.until('process.start', (one) => one['process.pid'] === 50);
  t.match(event, {
    'process.name': 'odd) name\n(',
    'process.executable': '/opt/x',
    'process.file_deleted': true,
    'process.command_line': 'a b \ufffd\u001b[2J',
    'process.working_directory': '/tmp',
    'process.parent.pid': 1,
    'process.parent.name': 'init',
    'user.id': '0',
    'user.real.id': '1000',
    'container.id': '0a'.repeat(32),
  });
  t.ok(
    Math.abs(event['process.start'] - (Date.now() - 10_000) * 1000) < 5_000_000,
    'ninety seconds after boot',
  );
  t.same(got.faults, []);
});

t.test('two megabytes of arguments are cut, and the cut is told', linuxOnly, async (t) => {
  const { files, host, got, look } = await looked(t);
  files.process(50, 'big');
  files.process(60, 'child', 50);
  files.write('proc/50/cmdline', 'x'.repeat(2 * 1024 * 1024));
  await look();
  const event = await got.until('process.start', (one) => one['process.pid'] === 50);
  const checked = checkEvent(eventSpecs['process.start'], event);
  t.equal(checked.ok && checked.value['process.command_line']?.toString().length, 32_768);
  t.same(checked.ok && checked.value['event.truncated'], ['process.command_line']);
  t.equal(host.processes.get(50)?.commandLine?.length, 4096, 'the table keeps little');
  const child = await got.until('process.start', (one) => one['process.pid'] === 60);
  t.same(child['event.truncated'], ['process.parent.command_line']);
});

t.test('another process on the same pid, seen by its start', linuxOnly, async (t) => {
  const { files, got, look } = await looked(t);
  files.process(50, 'first', 1, 100);
  await look();
  files.process(50, 'second', 1, 200);
  await look();
  t.same(
    got.of('process.end').map((event) => [event['process.pid'], event['process.name']]),
    [[50, 'first']],
  );
  const [first, second] = got.of('process.start').filter((event) => event['process.pid'] === 50);
  t.equal(second?.['process.name'], 'second');
  t.not(second?.['process.entity_id'], first?.['process.entity_id']);
});

t.test('a zombie has ended, and is not told again', linuxOnly, async (t) => {
  const { files, got, look } = await looked(t);
  files.process(50, 'brief');
  await look();
  files.write('proc/50/stat', '50 (brief) Z 1 50 50 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1050 0 0\n');
  await look();
  await look();
  t.equal(got.of('process.end').length, 1);
  files.remove('proc/50');
  await look();
  t.equal(got.of('process.end').length, 1);
  t.equal(got.of('process.start').length, 2);
});

t.test('entries that vanish while they are read leave no trace', linuxOnly, async (t) => {
  const { files, got, look } = await looked(t);
  files.write('proc/70/cmdline', 'no stat');
  files.process(71, 'bare');
  for (const name of ['status', 'cmdline']) files.remove(`proc/71/${name}`);
  await look();
  t.same(
    got.of('process.start').map((event) => event['process.pid']),
    [1, 71],
  );
  t.equal(got.of('process.start')[1]?.['process.command_line'], undefined);
});

t.test('a parent may have a higher number than its child', linuxOnly, async (t) => {
  const { files, got, look } = await looked(t);
  files.process(900, 'parent', 1);
  files.process(40, 'child', 900);
  await look();
  const child = got.of('process.start').find((event) => event['process.pid'] === 40);
  t.equal(child?.['process.parent.name'], 'parent');
});
