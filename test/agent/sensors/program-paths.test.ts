import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { capabilitiesOf } from '../../../agent/sensors/process/capabilities.linux.ts';
import { ProgramPaths } from '../../../agent/sensors/process/program-paths.linux.ts';
import { cgroupOf, containerOf } from '../../../agent/sensors/process/stat.linux.ts';
import { tempFolder } from '../../temp.ts';

/** Facts of a process that are made of texts: the file a path runs, its capabilities, its control group. */

const onLinux = { skip: process.platform === 'linux' ? false : 'not Linux' };

/** What the kernel says it runs when the path is executed, once it stands in its main loop. */
async function reallyRun(path: string): Promise<string> {
  // `cat` waits for its input, whatever it is called with.
  const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write('x');
  await once(child.stdout, 'data');
  const program = readlinkSync(`/proc/${child.pid}/exe`);
  child.stdin.end();
  await once(child, 'close');
  return program;
}

t.test('the file that runs is the one the kernel runs', onLinux, async (t) => {
  const folder = tempFolder(t);
  const at = (name: string) => join(folder, name);
  const make = (name: string, content: string | Uint8Array) => {
    writeFileSync(at(name), content);
    chmodSync(at(name), 0o755);
  };
  copyFileSync('/bin/cat', at('program'));
  symlinkSync('program', at('link'));
  symlinkSync(at('link'), at('link of link'));
  make('script', '#!/bin/sh\nexec 3>&1; while read -n1 x; do echo; done; read x; echo x; read x\n');
  make('spaces', '#! \t/bin/sh  -e  \nread -r x; echo; read x\n');
  make('plain', '#!/bin/sh\ncat /dev/null; echo; read x\n');
  make('of script', `#!${at('plain')}\n`);
  make('through link', `#!${at('link')} -\n`);
  symlinkSync('plain', at('link to script'));
  const paths = new ProgramPaths();
  for (const name of ['program', 'link', 'link of link', 'plain', 'of script', 'link to script']) {
    t.equal(paths.programOf(at(name)), await reallyRun(at(name)), name);
  }
  t.equal(paths.programOf(at('spaces')), realpathSync('/bin/sh'));
  t.equal(paths.programOf(at('through link')), at('program'));
});

t.test('what cannot be followed gives nothing or where it ended', onLinux, async (t) => {
  const folder = tempFolder(t);
  const at = (name: string) => join(folder, name);
  const paths = new ProgramPaths();
  symlinkSync(at('b'), at('a'));
  symlinkSync(at('a'), at('b'));
  writeFileSync(at('self'), `#!${at('self')}\n`);
  writeFileSync(at('dangling'), '#!/no/such/program\n');
  writeFileSync(at('relative'), '#!sh\n');
  writeFileSync(at('long'), `#!/${'x'.repeat(5000)}\n`);
  writeFileSync(at('bytes'), Buffer.from([0x23, 0x21, 0x2f, 0xff, 0xfe, 0, 1]));
  writeFileSync(at('empty'), '');
  t.equal(paths.programOf(at('a')), undefined);
  t.equal(paths.programOf(at('missing')), undefined);
  t.equal(paths.programOf('relative/path'), undefined);
  t.equal(paths.programOf(''), undefined);
  t.equal(paths.programOf(`/a\0b`), undefined);
  t.equal(paths.programOf(at('dangling')), undefined);
  t.equal(paths.programOf(at('self')), at('self'), 'it ends');
  t.equal(paths.programOf(at('relative')), at('relative'));
  t.equal(paths.programOf(at('empty')), at('empty'));
  for (const name of ['long', 'bytes', '']) paths.programOf(at(name));
});

t.test('a pipe in place of the program holds nobody up', onLinux, async (t) => {
  const folder = tempFolder(t);
  const pipe = join(folder, 'pipe');
  t.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const script = `
    const { ProgramPaths } = await import(process.argv[1]);
    console.log(new ProgramPaths().programOf(process.argv[2]));`;
  const module = join(import.meta.dirname, '../../../agent/sensors/process/program-paths.linux.ts');
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '-e', script, module, pipe],
    { encoding: 'utf8', timeout: 30_000 },
  );
  t.equal(signal, null, 'it ends by itself');
  t.equal(status, 0);
  t.equal(stdout.trim(), 'undefined', 'it is no program');
});

const all = 0x1ff_ffff_ffffn;

t.test('capabilities of a mask', async (t) => {
  t.same(capabilitiesOf('0'), undefined);
  t.same(capabilitiesOf('0000000000000000'), undefined);
  t.same(capabilitiesOf('0000000000003000'), ['CAP_NET_ADMIN', 'CAP_NET_RAW']);
  t.same(capabilitiesOf(all.toString(16)), ['all']);
  t.same(capabilitiesOf('3fffffffff'), ['all'], 'of a kernel that has no more');
  t.same(capabilitiesOf('1fffffdfffff'.slice(1)), ['all', '-CAP_SYS_ADMIN']);
  t.equal(capabilitiesOf('3000'), capabilitiesOf('3000'), 'the same array');
  for (const bad of ['', 'xyz', '0x1', '-1', '1'.repeat(17), ' 1', '1\n', 'FF']) {
    t.equal(capabilitiesOf(bad), undefined, bad);
  }
});

t.test('no capability is lost or made up', async () => {
  const everyName = new Map<number, string>();
  for (let bit = 0; bit <= 40; bit++) {
    const [name] = capabilitiesOf((1n << BigInt(bit)).toString(16)) ?? [];
    if (name !== undefined) everyName.set(bit, name);
  }
  if (everyName.size !== 41 || new Set(everyName.values()).size !== 41) throw new Error('names');
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (mask) => {
      const said = capabilitiesOf(mask.toString(16)) ?? [];
      for (const [bit, name] of everyName) {
        const isHeld = ((mask >> BigInt(bit)) & 1n) === 1n;
        const isSaid = said[0] === 'all' ? !said.includes(`-${name}`) : said.includes(name);
        // `all` says nothing of those that older kernels lack.
        if (isHeld !== isSaid && !(said[0] === 'all' && bit > 37)) return false;
      }
      return true;
    }),
  );
});

t.test(
  'capabilities are named as capsh names them',
  { skip: spawnSync('capsh', ['--decode=1']).status === 0 ? false : 'no capsh' },
  async (t) => {
    for (const mask of ['3000', '00000000a80425fb', '1', '10000000000', '8000000000']) {
      const decoded = spawnSync('capsh', [`--decode=${mask}`], { encoding: 'utf8' }).stdout;
      t.same(capabilitiesOf(mask), decoded.trim().split('=')[1]?.toUpperCase().split(','), mask);
    }
  },
);

t.test('control groups', async (t) => {
  t.equal(cgroupOf('0::/user.slice/a b\n'), '/user.slice/a b');
  t.equal(cgroupOf('12:cpu:/a\n0::/b\n'), '/b', 'version 2 first');
  t.equal(cgroupOf('12:cpu,cpuacct:/a\n1:name=systemd:/c\n'), '/a');
  t.equal(cgroupOf('0::/a:b::c\n'), '/a:b::c');
  t.equal(cgroupOf('0::/gone (deleted)\n'), '/gone (deleted)');
  for (const none of ['', '\n', '0::relative', 'nonsense', '0:/x']) t.equal(cgroupOf(none), undefined, none);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((s) => `0::/${s}\n1:a:/${s}`),
      ),
      (text) => {
        const found = cgroupOf(text);
        containerOf(text);
        return found === undefined || (found.startsWith('/') && text.includes(found));
      },
    ),
  );
});
