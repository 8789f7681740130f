import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { pacmanFacts } from '../../../agent/sensors/package/pacman.linux.ts';
import { buildPackage } from './build-package.ts';
import { PackageScene } from './package-scene.ts';

/** Every package system's database is read as it is, and told as it changes, by watching alone. */

const onLinux = process.platform === 'linux';

function said(events: readonly AnyEvent[]): string[] {
  return events
    .flatMap((event) =>
      event.type === 'package.state' || event.type === 'package.change'
        ? [[event['package.type'], event['package.name'], event['package.version']].join(' ')]
        : [],
    )
    .sort();
}

t.test('package systems', { skip: !onLinux && 'Linux only' }, async (t) => {
  t.test('what is there', async (t) => {
    const scene = new PackageScene(t);
    scene.furnish();
    const got = await scene.start();
    t.same(said(got.events), [
      'apk musl 1.2.5-r0',
      'deb alpha 1',
      'flatpak org.example.App stable 0123456789ab',
      'gem json 2.6.1',
      'gem nokogiri 1.16.0',
      'gem rack-test 2.1.0',
      'npm @scope/tool 2.0.0',
      'npm left-pad 1.3.0',
      'pacman zlib 1:1.3-2',
      'pip old 0.1',
      'pip requests 2.31.0',
      'snap core 16-2.61 (7)',
    ]);
    const of = (name: string) => got.of('package.state').find((event) => event['package.name'] === name);
    t.match(of('zlib'), {
      'package.signature': 'pgp',
      'package.size': 300,
      'package.installed': 1_700_000_000_000_000,
    });
    t.match(of('org.example.App'), { 'package.origin': 'flathub', 'package.architecture': 'x86_64' });
    t.match(of('requests'), { 'package.origin': 'https://git.example/r.git', 'package.maintainer': 'K' });
    t.match(of('nokogiri'), { 'package.architecture': 'x86_64-linux' });
    t.match(of('core'), { 'package.architecture': 'amd64', 'package.size': 6 });
    t.same(got.faults, []);
  });

  t.test('what changes', async (t) => {
    const scene = new PackageScene(t);
    scene.furnish();
    const { host } = scene;
    const got = await scene.start();
    const change = (name: string, action: string) =>
      got.until(
        'package.change',
        (event) => event['package.name'] === name && event['event.action'] === action,
      );
    host.write(
      'usr/local/lib/python3.12/dist-packages/evil-1.dist-info/METADATA',
      'Name: evil\nVersion: 1\n',
    );
    await change('evil', 'installed');
    host.write(
      'usr/local/lib/node_modules/@scope/new/package.json',
      '{"name":"@scope/new","version":"1.0.0"}',
    );
    await change('@scope/new', 'installed');
    host.write('usr/local/lib/node_modules/.left/package.json', '{"name":"left-pad","version":"1.4.0"}');
    rmSync(host.path('usr/local/lib/node_modules/left-pad'), { recursive: true });
    renameSync(
      host.path('usr/local/lib/node_modules/.left'),
      host.path('usr/local/lib/node_modules/left-pad'),
    );
    t.match(await change('left-pad', 'upgraded'), { 'package.previous_version': '1.3.0' });
    rmSync(host.path('var/lib/gems/3.1.0/specifications/rack-test-2.1.0.gemspec'));
    await change('rack-test', 'removed');
    host.write('snap/core/6/meta/snap.yaml', 'version: 16-2.60\narchitectures: [amd64]\n');
    symlinkSync('6', host.path('snap/core/next'));
    renameSync(host.path('snap/core/next'), host.path('snap/core/current'));
    host.write('var/lib/snapd/snaps/core_6.snap', '');
    await change('core', 'downgraded');
    host.write('var/lib/pacman/local/xz-5.6.0-1/desc', '%NAME%\nxz\n\n%VERSION%\n5.6.0-1\n');
    await change('xz', 'installed');
    host.write('lib/apk/db/installed', 'P:musl\nV:1.2.6-r0\n\n');
    await change('musl', 'upgraded');
    t.same(got.faults, []);
  });

  t.test('a system that was not there at first', async (t) => {
    const scene = new PackageScene(t);
    scene.host.write('var/lib/dpkg/status', '');
    const got = await scene.start({}, 30);
    scene.host.write('var/lib/gems/3.1.0/specifications/rack-3.0.gemspec', '');
    await got.until(
      'package.change',
      (event) => event['package.name'] === 'rack' && event['event.action'] === 'installed',
    );
    t.same(got.of('package.state'), []);
  });

  const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0 && process.getuid?.() === 0;
  t.test(
    'dpkg itself installs, upgrades and removes',
    { skip: !hasDpkg && 'needs dpkg, and root' },
    async (t) => {
      const scene = new PackageScene(t);
      const { host } = scene;
      for (const name of ['updates', 'info', 'triggers'])
        mkdirSync(host.path(`var/lib/dpkg/${name}`), { recursive: true });
      host.write('var/lib/dpkg/status', '');
      const got = await scene.start();
      const dpkg = (...args: string[]) => {
        const run = spawnSync(
          'dpkg',
          [`--root=${host.root}`, '--force-not-root', '--log=/dev/null', ...args],
          { encoding: 'utf8' },
        );
        if (run.status !== 0) throw new Error(run.stderr);
      };
      const next = (action: string) =>
        got.until('package.change', (event) => event['event.action'] === action);
      dpkg('--install', buildPackage(host.path('build'), 'vedette-probe', '1.0', { 'usr/bin/probe': 'one' }));
      t.match(await next('installed'), {
        'package.name': 'vedette-probe',
        'package.version': '1.0',
        'package.architecture': 'all',
        'package.maintainer': 'A <a@b>',
      });
      dpkg('--install', buildPackage(host.path('build'), 'vedette-probe', '1.1', { 'usr/bin/probe': 'two' }));
      t.match(await next('upgraded'), { 'package.previous_version': '1.0' });
      dpkg('--remove', 'vedette-probe');
      await next('removed');
      t.equal(got.of('package.change').length, 3, 'each once, however often the database was written');
    },
  );

  t.test('whatever stands in the databases', async (t) => {
    const files = [
      'var/lib/pacman/local/zlib-1:1.3-2/desc',
      'snap/core/7/meta/snap.yaml',
      'var/lib/flatpak/app/org.example.App/x86_64/stable/0123456789abcdef/deploy',
      'usr/local/lib/node_modules/left-pad/package.json',
      'usr/local/lib/node_modules/@scope/tool/package.json',
      'usr/local/lib/python3.12/dist-packages/requests-2.31.0.dist-info/METADATA',
      'usr/local/lib/python3.12/dist-packages/requests-2.31.0.dist-info/direct_url.json',
      'usr/local/lib/python3.12/dist-packages/old.egg-info',
    ];
    const odd = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .constantFrom(
          '{"name":5,"version":{}}',
          '{"name":"__proto__","version":"1"}',
          'null',
          '[]',
          '%NAME%\n%NAME%\n\n%SIZE%\n999999999999999\n%INSTALLDATE%\n999999999999999\n',
          'Name:\nVersion:\n',
          `Name: ${'x'.repeat(5000)}\nVersion: \u0000\n`,
          `{"url":"https://${'a@'.repeat(3000)}"}`,
          "version: '\n",
        )
        .map((text) => Buffer.from(text)),
    );
    const scene = new PackageScene(t);
    scene.furnish();
    const sensor = (await scene.start()).sensor;
    await fc.assert(
      fc.asyncProperty(
        fc.array(odd, { minLength: files.length, maxLength: files.length }),
        async (contents) => {
          for (const [i, name] of files.entries()) scene.host.write(name, contents[i] ?? '');
          const names = said(await sensor.sample());
          return (
            names.includes('deb alpha 1') &&
            names.includes('gem json 2.6.1') &&
            names.some((name) => name.startsWith('snap core'))
          );
        },
      ),
      { numRuns: 60 },
    );
    for (const name of files) {
      rmSync(scene.host.path(name));
      mkdirSync(scene.host.path(name));
    }
    t.ok(said(await sensor.sample()).includes('deb alpha 1'), 'folders where files should be');
  });

  t.test('descriptions of pacman', async () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, rest) => {
        const facts = pacmanFacts(`%NAME%\nzlib\n\n%DESC%\n${name}\n\n%SIZE%\n${rest}\n`);
        return facts?.name === 'zlib';
      }),
    );
  });
});
