import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { settingsOf } from '../../../agent/sensors/options.ts';
import { ownersOf } from '../../../agent/sensors/package/privilege/owners.linux.ts';
import { apkFiles } from '../../../agent/sensors/package/verify/apk.linux.ts';
import { diversions, md5Line } from '../../../agent/sensors/package/verify/dpkg.linux.ts';
import { linesOfStream } from '../../../agent/sensors/package/verify/lines.ts';
import type { OwnedFile } from '../../../agent/sensors/package/verify/owned-files.ts';
import { mtreeFiles } from '../../../agent/sensors/package/verify/pacman.linux.ts';
import { recordLine } from '../../../agent/sensors/package/verify/pip.linux.ts';
import { dumpLine } from '../../../agent/sensors/package/verify/rpm.linux.ts';
import { buildPackage, installRpm } from './build-package.ts';
import { PackageScene } from './package-scene.ts';

/** Package files are compared with the sums their packages keep. */

const onLinux = process.platform === 'linux';
const sum = (kind: string, text: string) => createHash(kind).update(text).digest('hex');
/** As fast as it goes, a pass over what changed every 50 ms. */
const eager = { verifyBytesPerSecond: 1e9, verifyPassMs: 3_600_000, verifyChangedMs: 50, firstPassMs: 0 };

t.test('verification', { skip: !onLinux && 'Linux only' }, async (t) => {
  t.test('dpkg: content, absence, type, and right again', async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    const files = [
      'bin/one',
      'bin/two',
      'bin/three',
      'bin/moved',
      'share/doc/gone',
      'share/locale/excluded',
      'etc/conf',
    ];
    for (const name of files) host.write(`usr/${name}`, name);
    host.write(
      'etc/dpkg/dpkg.cfg.d/docker',
      'path-exclude=/usr/share/*\npath-include /usr/share/kept/*\n# path-exclude=*\n',
    );
    host.write('var/lib/dpkg/diversions', '/usr/bin/moved\n/usr/bin/moved.distrib\nother\n');
    host.write(
      'var/lib/dpkg/status',
      `Package: alpha\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nConffiles:\n /usr/etc/conf ${sum('md5', 'x')}\n\nPackage: removed\nStatus: deinstall ok config-files\n\n`,
    );
    const lines = files.map((name) => `${sum('md5', name)}  usr/${name}`);
    host.write(
      'var/lib/dpkg/info/alpha:amd64.md5sums',
      `${lines.join('\n')}\n${sum('md5', 'k')}  usr/share/kept/file\nnonsense\n`,
    );
    host.write('var/lib/dpkg/info/removed.md5sums', `${sum('md5', 'x')}  usr/bin/removed\n`);
    host.write('usr/bin/two', 'TWO');
    host.write('usr/etc/conf', 'changed by the user');
    host.write('usr/bin/moved.distrib', 'bin/moved');
    host.write('usr/bin/moved', 'of another package');
    rmSync(host.path('usr/share/doc/gone'));
    rmSync(host.path('usr/share/locale/excluded'));
    const got = await scene.start(eager, 20);
    const told = (path: string, action: string) =>
      got.until(
        'package.file',
        (event) => event['file.path'] === host.path(path) && event['event.action'] === action,
      );
    t.match(await told('usr/bin/two', 'changed'), {
      'event.baseline': true,
      'file.changes': ['content'],
      'package.name': 'alpha',
      'package.version': '1',
      'package.type': 'deb',
      'package.checksum.algorithm': 'md5',
      'package.checksum.expected': sum('md5', 'bin/two'),
      'package.checksum.found': sum('md5', 'TWO'),
      'file.hash.sha256': sum('sha256', 'TWO'),
    });
    await told('usr/share/kept/file', 'missing');
    host.write('usr/bin/one', 'evil');
    t.match(await told('usr/bin/one', 'changed'), { 'event.baseline': undefined });
    rmSync(host.path('usr/bin/three'));
    await told('usr/bin/three', 'missing');
    symlinkSync('/bin/sh', host.path('usr/bin/three'));
    t.match(await told('usr/bin/three', 'changed'), { 'file.changes': ['type'], 'file.type': 'symlink' });
    host.write('usr/bin/one', 'bin/one');
    await told('usr/bin/one', 'restored');
    await sleep(200);
    t.equal(got.of('package.file').length, 6, 'each once');
    const state = got.sensor.state();
    t.match(state.status === 'running' ? state.note : '', /3 package files are not/);
    t.same(got.faults, []);
  });

  t.test('apk, pacman, pip and rpm', async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    const apkSum = `Q1${createHash('sha1').update('good').digest('base64')}`;
    host.write(
      'lib/apk/db/installed',
      `P:busybox\nV:1\nA:x86_64\nF:bin\nR:busybox\na:0:0:755\nZ:${apkSum}\nF:etc\nR:conf\nZ:${apkSum}\n\n`,
    );
    host.write('bin/busybox', 'good');
    chmodSync(host.path('bin/busybox'), 0o4755);
    host.write('etc/conf', 'mine');
    const entry = 'var/lib/pacman/local/zlib-1-1';
    host.write(`${entry}/desc`, '%NAME%\nzlib\n\n%VERSION%\n1-1\n');
    host.write(`${entry}/files`, '%FILES%\nusr/\n\n%BACKUP%\netc/zlib.conf\tx\n');
    host.write(
      `${entry}/mtree`,
      gzipSync(
        `#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO sha256digest=${sum('sha256', '')}\n./usr/lib/z\\040z.so mode=755 sha256digest=${sum('sha256', 'good')}\n./etc/zlib.conf sha256digest=${sum('sha256', 'x')}\n./usr type=dir\n`,
      ),
    );
    host.write('usr/lib/z z.so', 'bad!');
    chmodSync(host.path('usr/lib/z z.so'), 0o755);
    const site = 'usr/lib/python3/dist-packages';
    const record = (text: string) => `sha256=${createHash('sha256').update(text).digest('base64url')}`;
    host.write(`${site}/Foo_Bar-1.dist-info/METADATA`, 'Name: foo.bar\nVersion: 1\n');
    host.write(
      `${site}/Foo_Bar-1.dist-info/RECORD`,
      `foo/__init__.py,${record('good')},4\n"foo/a,b.py",${record('good')},4\nfoo/x.pyc,${record('x')},1\nFoo_Bar-1.dist-info/RECORD,,\n`,
    );
    host.write(`${site}/foo/__init__.py`, 'evil');
    host.write(`${site}/foo/a,b.py`, 'good');
    const got = await scene.start(eager, 20);
    const told = (path: string) =>
      got.until('package.file', (event) => event['file.path'] === host.path(path));
    t.match(await told('bin/busybox'), {
      'file.changes': ['mode'],
      'file.mode': '4755',
      'package.expected_mode': '0755',
      'package.type': 'apk',
    });
    t.match(await told('usr/lib/z z.so'), { 'file.changes': ['content'], 'package.type': 'pacman' });
    t.match(await told(`${site}/foo/__init__.py`), { 'package.name': 'Foo_Bar', 'package.type': 'pip' });
    await sleep(200);
    t.equal(got.of('package.file').length, 3);
    t.same(got.faults, []);
  });

  const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0 && process.getuid?.() === 0;
  t.test('what dpkg installed is read at once', { skip: !hasDpkg && 'needs dpkg, and root' }, async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    for (const name of ['updates', 'info', 'triggers'])
      mkdirSync(host.path(`var/lib/dpkg/${name}`), { recursive: true });
    host.write('var/lib/dpkg/status', '');
    const got = await scene.start({ ...eager, verifyChangedMs: 3_600_000 });
    const install = (archive: string) => {
      const args = [`--root=${host.root}`, '--force-not-root', '--log=/dev/null', '--install', archive];
      const run = spawnSync('dpkg', args, { encoding: 'utf8' });
      if (run.status !== 0) throw new Error(run.stderr);
    };
    const archive = buildPackage(host.path('build'), 'vedette-probe', '1.0', { 'usr/bin/probe': 'good' });
    install(archive);
    await got.until('package.change', (event) => event['event.action'] === 'installed');
    writeFileSync(host.path('usr/bin/probe'), 'swapped');
    t.match(await got.until('package.file', () => true), {
      'event.action': 'changed',
      'file.path': host.path('usr/bin/probe'),
      'package.checksum.expected': sum('md5', 'good'),
      'event.baseline': undefined,
    });
  });

  const hasRpm = spawnSync('rpmbuild', ['--version']).status === 0 && process.getuid?.() === 0;
  t.test('rpm itself', { skip: !hasRpm && 'needs rpm and rpmbuild, and root' }, async (t) => {
    const scene = new PackageScene(t);
    const { host } = scene;
    installRpm(host.root, {
      '/usr/bin/probe tool': 'good',
      '/usr/bin/other': 'good',
      '/etc/probe.conf': 'default',
    });
    host.write('usr/bin/probe tool', 'evil');
    host.write('etc/probe.conf', 'mine');
    chmodSync(host.path('usr/bin/other'), 0o4755);
    const owners = await ownersOf([host.path('usr/bin/other')], settingsOf(host.options));
    t.same(owners?.get(host.path('usr/bin/other')), { type: 'rpm', name: 'vedette-probe' });
    const got = await scene.start(eager, 20);
    t.match(got.of('package.state'), [
      {
        'package.name': 'vedette-probe',
        'package.version': '3:1.5-2',
        'package.type': 'rpm',
        'package.maintainer': 'Example',
        'package.signature': 'none',
      },
    ]);
    const told = (path: string) =>
      got.until('package.file', (event) => event['file.path'] === host.path(path));
    t.match(await told('usr/bin/probe tool'), {
      'file.changes': ['content'],
      'package.type': 'rpm',
      'package.checksum.algorithm': 'sha256',
      'package.checksum.expected': sum('sha256', 'good'),
    });
    t.match(await told('usr/bin/other'), { 'file.changes': ['mode'], 'package.expected_mode': '0755' });
    await sleep(300);
    t.equal(got.of('package.file').length, 2);
  });

  t.test('databases of any content', async (t) => {
    const odd = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc
          .constantFrom(
            `${'a'.repeat(32)}  ../../etc/shadow\n`,
            `${'a'.repeat(32)}  dev/zero\n`,
            `${'a'.repeat(32)}  ${'x/'.repeat(3000)}\n`,
            `F:../..\nR:x\nZ:Q1${'A'.repeat(27)}=\n`,
            `/dev/zero,sha256=${'A'.repeat(43)},1\n`,
          )
          .map((text) => Buffer.from(text)),
      ),
      { minLength: 4, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(odd, async ([md5sums = '', record = '', mtree = '', apk = '']) => {
        const scene = new PackageScene(t);
        const { host } = scene;
        scene.furnish();
        host.write('var/lib/dpkg/info/alpha.md5sums', md5sums);
        host.write('usr/local/lib/python3.12/dist-packages/requests-2.31.0.dist-info/RECORD', record);
        host.write('var/lib/pacman/local/zlib-1:1.3-2/mtree', mtree);
        host.append('lib/apk/db/installed', apk);
        const got = await scene.start(eager, 20);
        await sleep(60);
        await got.sensor.stop();
        return got.sensor.state().status === 'stopped' && got.faults.length === 0;
      }),
      { numRuns: 15 },
    );
  });
});

t.test('lines of the databases', async (t) => {
  t.same(md5Line(`${'0'.repeat(32)}  usr/a b`), {
    path: '/usr/a b',
    algorithm: 'md5',
    digest: '0'.repeat(32),
  });
  t.equal(md5Line(`${'0'.repeat(32)}  usr/../etc/shadow`), undefined);
  t.equal(md5Line('x'), undefined);
  t.same(diversions('/a\n/b\n:\n/c\n/d\n'), new Map([['/a', { to: '/b', by: ':' }]]));
  t.same(dumpLine(`/usr/bin/a b 10 1700000000 ${'a'.repeat(64)} 0104755 root root 0 0 0 X`), {
    path: '/usr/bin/a b',
    algorithm: 'sha256',
    digest: 'a'.repeat(64),
    mode: 0o4755,
    optional: false,
  });
  t.equal(dumpLine(`/etc/x 10 1 ${'a'.repeat(64)} 0100644 root root 1 0 0 X`), undefined, 'configuration');
  t.equal(dumpLine(`/usr/lib 10 1 ${'0'.repeat(64)} 040755 root root 0 0 0 X`), undefined, 'a folder');
  t.equal(recordLine('a.py,sha256=x,1', '/s'), undefined);
  t.equal(
    recordLine(`../../../bin/tool,sha256=${'A'.repeat(43)},1`, '/usr/lib/python3/site-packages')?.path,
    '/usr/bin/tool',
  );
});

t.test('lines of any text', async (t) => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(text, (line) => {
      for (const found of [md5Line(line), dumpLine(line), recordLine(line, '/s'), ...apkFiles(line, '/')]) {
        if (found !== undefined && (!found.path.startsWith('/') || !/^[0-9a-f]+$/.test(found.digest)))
          return false;
      }
      diversions(line);
      return true;
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (lines) => {
      const found: OwnedFile[] = [];
      for await (const file of mtreeFiles(
        (async function* () {
          yield* lines;
        })(),
      ))
        found.push(file);
      return found.every(({ path }) => path.startsWith('/'));
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-zé]{0,9}$/)),
      fc.integer({ min: 1, max: 7 }),
      async (lines, step) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks = (async function* () {
          for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
        })();
        const got: string[] = [];
        for await (const line of linesOfStream(chunks)) got.push(line);
        return got.join('\n') === lines.join('\n') && got.length === lines.length;
      },
    ),
  );
  t.end();
});
