import fc from 'fast-check';
import t from 'tap';
import { createSensors } from '../../agent/sensors/registry.ts';
import { Collected } from '../agent/sensors/collected.ts';
import { FixtureHost } from '../agent/sensors/fixture-host.ts';
import { utmpRecord } from '../agent/sensors/utmp-record.ts';

/** Whatever stands in the files of a host, readers neither throw nor emit what breaks its declaration. */

const files = [
  'proc/1/stat',
  'proc/1/status',
  'proc/1/cmdline',
  'proc/1/cgroup',
  'proc/2/cmdline',
  'proc/stat',
  'proc/uptime',
  'proc/loadavg',
  'proc/meminfo',
  'proc/self/status',
  'proc/self/mountinfo',
  'proc/modules',
  'proc/net/tcp',
  'proc/net/tcp6',
  'proc/net/udp',
  'proc/net/udp6',
  'proc/net/snmp',
  'proc/net/sockstat',
  'proc/sys/kernel/random/boot_id',
  'sys/class/block/vda/size',
  'sys/class/block/vda/serial',
  'sys/bus/usb/devices/1-1/idVendor',
  'sys/bus/usb/devices/1-1/product',
  'etc/passwd',
  'etc/group',
  'etc/shadow',
  'etc/sudoers',
  'etc/sudoers.d/one',
  'run/utmp',
  'var/log/wtmp',
  'var/log/btmp',
  'var/log/auth.log',
  'var/log/audit/audit.log',
  'var/log/syslog',
  'var/lib/dpkg/status',
  'var/lib/apt/lists/x_dists_y_Packages',
  'lib/apk/db/installed',
  'etc/crontab',
  'etc/cron.d/job',
  'root/.bashrc',
];

/** Looks twice at a host made of these contents, with `grow` appended in between. */
async function faultsOf(contents: (name: string, index: number) => Uint8Array | string): Promise<string[]> {
  const host = new FixtureHost();
  const faults: string[] = [];
  try {
    host.process(2, 'init', 0);
    for (const [i, name] of files.entries()) host.write(name, contents(name, i));
    host.link('proc/2/exe', '/bin/\u{1F600}');
    host.link('proc/2/fd/1', 'socket:[x');
    host.link('proc/2/fd/2', '/dev/mem');
    host.link('proc/2/fd/notanumber', '/nowhere');
    host.link('sys/class/net/loop', 'loop');
    const onError = (name: string, error: unknown) => faults.push(`${name}: ${error}`);
    const sensors = createSensors({ ...host.options, journal: false, onError });
    const got = new Collected();
    for (const sensor of sensors) await sensor.start(got.emit);
    for (const [i, name] of files.entries()) host.append(name, contents(name, files.length - 1 - i));
    for (const sensor of sensors) faults.push(...(await sampled(sensor)));
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (const sensor of sensors) {
      if (sensor.state().status === 'failed') faults.push(`${sensor.describe().name} failed`);
      await sensor.stop();
    }
    faults.push(...got.faults);
  } finally {
    host.end();
  }
  return faults;
}

async function sampled(sensor: ReturnType<typeof createSensors>[number]): Promise<string[]> {
  const got = new Collected();
  for (const event of await sensor.sample()) got.emit(event);
  return got.faults;
}

t.test('hostile hosts', { skip: process.platform !== 'linux' }, async (t) => {
  t.test('random bytes in every file', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: files.length, maxLength: files.length }),
        async (bytes) => {
          t.same(await faultsOf((_, i) => bytes[i] ?? new Uint8Array()), []);
        },
      ),
      { numRuns: 12 },
    );
  });

  t.test('the same half-right line a thousand times', async (t) => {
    const lines = [
      '1 (a) b) (c) S -1 -1 -1 -1 -1 99999999999999999999 0 0 0 0 0 0 0 0 0 0 0 0 99999999999999999999\n',
      '   0: FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:FFFF 00000000000000000000000000000000:0000 01 a b c 99999999999 0 9\n',
      'Package: a\nStatus: install ok installed\nInstalled-Size: 1e99\nVersion:\n\n',
      'Nov 31 25:61:61 h sshd[99999999999]: Failed password for invalid user \u0000 from ::1%eth0 port 1 ssh2\n',
      `a:${'x'.repeat(5000)}:4294967296:99:::\n`,
      '99 28 0:50 / /mnt/\\777\\0 rw - tmpfs  rw\n',
      `${'m'.repeat(300)} 999999999999999 0 - Live 0x0 (OE)\nmod 999999999999999 0 - Live 0x0 (${'+'.repeat(32)})\n`,
      `${'\0'.repeat(300)}\uD800\n`,
    ];
    for (const line of lines) t.same(await faultsOf(() => line.repeat(1000)), [], line.slice(0, 30));
  });

  t.test('records of every type with no text terminated', async (t) => {
    const records = Array.from({ length: 12 }, (_, type) => {
      const text = '\xff'.repeat(300);
      return utmpRecord({
        type: type - 1,
        pid: -1,
        line: text,
        user: text,
        host: text,
        seconds: 0xffff_ffff,
      });
    });
    t.same(await faultsOf(() => Buffer.concat(records)), []);
  });

  t.test('folders where files should be', async (t) => {
    const host = new FixtureHost();
    t.teardown(() => host.end());
    host.process(1, 'init', 0);
    for (const name of files) if (!name.startsWith('proc/1/')) host.write(`${name}/x`, '');
    host.process(3, 'odd');
    host.remove('proc/3/fd');
    host.write('proc/3/fd', 'a file');
    const errors: string[] = [];
    const sensors = createSensors({
      ...host.options,
      onError: (name, error) => errors.push(`${name}: ${error}`),
    });
    const got = new Collected();
    for (const sensor of sensors) await sensor.start(got.emit);
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (const sensor of sensors) await sensor.stop();
    t.same(errors, []);
    t.same(got.faults, []);
  });
});
