import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from '../../agent/sensors/build-package.ts';
import type { Act } from '../act.ts';
import { lacks, run } from '../play.ts';
import { type Stage, writeBelow } from '../stage.ts';
import { account } from '../told.ts';

/** Packages made by dpkg-deb and installed by dpkg into the root of the stage. */

export const packageSettings = {
  verifyBytesPerSecond: 1e9,
  verifyChangedMs: 200,
  privilegeEntriesPerSecond: 1e6,
  privilegePassMs: 200,
  firstPassMs: 0,
};

/** A database of dpkg with nothing in it but what is given. */
export function furnishDpkg(root: string): void {
  for (const name of ['info', 'updates', 'triggers']) {
    mkdirSync(join(root, 'var/lib/dpkg', name), { recursive: true });
  }
  writeBelow(
    root,
    'var/lib/dpkg/status',
    'Package: base-thing\nStatus: install ok installed\nInstalled-Size: 12\nMaintainer: A <a@b>\nArchitecture: all\nVersion: 3.2-1\nDescription: test\n\n',
  );
  writeBelow(root, 'var/lib/dpkg/info/base-thing.list', '/.\n');
  writeBelow(
    root,
    'var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages',
    'Package: base-thing\nVersion: 3.2-1\n\nPackage: truth-probe\nVersion: 1.0-1\n',
  );
}

async function dpkg(stage: Stage, ...args: readonly string[]): Promise<void> {
  await run('dpkg', `--root=${stage.root}`, '--force-depends', '--force-bad-path', ...args);
}

/** Where the list furnished says that packages come from. */
const repository = 'deb.example.org/debian stable/main';

const isThere: Act = {
  name: 'a package that was there before',
  async perform(stage) {
    const { mtimeMs } = statSync(stage.path('var/lib/dpkg/info/base-thing.list'));
    return [
      account(
        'package.state',
        { 'package.name': 'base-thing' },
        {
          time: (at) => Number(at) > 0,
          'event.baseline': true,
          'package.name': 'base-thing',
          'package.version': '3.2-1',
          'package.type': 'deb',
          'package.architecture': 'all',
          'package.size': 12 * 1024,
          'package.maintainer': 'A <a@b>',
          'package.origin': repository,
          'package.installed': (at) => Math.abs(Number(at) - mtimeMs * 1000) < 1000,
        },
      ),
    ];
  },
};

const lifetime: Act = {
  name: 'a package is installed, upgraded and removed',
  whyNot: () => lacks('dpkg', 'dpkg-deb'),
  async perform(stage) {
    const name = 'truth-probe';
    const deb = (version: string) =>
      buildPackage(stage.path('srv/build'), name, version, { '/usr/bin/truth-probe': version });
    const told = (action: string) =>
      stage.got.until(
        'package.change',
        (event) => event['package.name'] === name && event['event.action'] === action,
      );
    await dpkg(stage, '-i', deb('1.0-1'));
    await told('installed');
    await dpkg(stage, '-i', deb('1.0-2'));
    await told('upgraded');
    await dpkg(stage, '-r', name);
    const common = { 'package.name': name, 'package.type': 'deb', 'package.architecture': 'all' };
    const installed = {
      ...common,
      'package.maintainer': 'A <a@b>',
      'package.installed': (at: unknown) => Math.abs(Number(at) - Date.now() * 1000) < 60e6,
    };
    return [
      account(
        'package.change',
        { 'package.name': name },
        {
          'event.action': 'installed',
          ...installed,
          'package.version': '1.0-1',
          'package.origin': repository,
        },
        {
          'event.action': 'upgraded',
          ...installed,
          'package.origin': 'unknown',
          'package.version': '1.0-2',
          'package.previous_version': '1.0-1',
        },
        { 'event.action': 'removed', ...common, 'package.version': '1.0-2' },
      ),
      account('package.state', { 'package.name': name }),
    ];
  },
};

const tampered: Act = {
  name: 'a file is not as its package says',
  whyNot: () => lacks('dpkg', 'dpkg-deb'),
  async perform(stage) {
    const name = 'truth-files';
    const file = '/usr/bin/truth-tool';
    await dpkg(stage, '-i', buildPackage(stage.path('srv/build'), name, '2', { [file]: 'as packaged\n' }));
    await stage.got.until('package.change', (event) => event['package.name'] === name);
    await stage.settle();
    const path = stage.path(file);
    const other = 'as changed\n';
    writeFileSync(path, other);
    const found = await stage.got.until('package.file', (event) => event['package.name'] === name);
    const stat = statSync(path, { bigint: true });
    const sum = (kind: string, text: string) => createHash(kind).update(text).digest('hex');
    return [
      account(
        'package.file',
        { 'package.name': name },
        {
          'event.action': 'changed',
          'file.path': found['file.path'] === path ? path : file,
          'file.name': 'truth-tool',
          'file.type': 'file',
          'file.size': other.length,
          'file.mode': '0755',
          'file.uid': '0',
          'file.gid': '0',
          'file.inode': String(stat.ino),
          'file.mtime': Number(stat.mtimeNs / 1000n),
          'file.hash.sha256': sum('sha256', other),
          'file.changes': ['content'],
          'package.name': name,
          'package.version': '2',
          'package.type': 'deb',
          'package.architecture': 'all',
          'package.checksum.algorithm': 'md5',
          'package.checksum.expected': sum('md5', 'as packaged\n'),
          'package.checksum.found': sum('md5', other),
        },
      ),
    ];
  },
};

const privileged: Act = {
  name: 'a set-uid program appears',
  async perform(stage) {
    const text = 'not of any package\n';
    const path = stage.write('opt/helper', text);
    chmodSync(path, 0o4755);
    const stat = statSync(path, { bigint: true });
    return [
      account(
        'file.privilege',
        { 'file.path': path },
        {
          'event.action': 'found',
          'file.path': path,
          'file.name': 'helper',
          'file.size': text.length,
          'file.mode': '4755',
          'file.uid': '0',
          'file.owner': 'root',
          'file.gid': '0',
          'file.group': 'root',
          'file.inode': String(stat.ino),
          'file.mtime': Number(stat.mtimeNs / 1000n),
          'file.hash.sha256': createHash('sha256').update(text).digest('hex'),
          'file.packaged': false,
        },
      ),
    ];
  },
};

export const packageActs: readonly Act[] = [isThere, lifetime, tampered, privileged];
