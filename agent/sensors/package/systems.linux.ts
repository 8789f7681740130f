import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '../options.ts';
import { toolOutput } from '../tool.ts';
import { fileVersion, modifiedAt, statOf } from './database.linux.ts';
import { flatpak } from './flatpak.linux.ts';
import { gem } from './gem.linux.ts';
import { maxPackages, type PackageFacts } from './inventory.ts';
import { npm } from './npm.linux.ts';
import { pacman } from './pacman.linux.ts';
import { pip } from './pip.linux.ts';
import { rpmQuery, rpmRow, rpmSignedQuery } from './rpm.ts';
import { snap } from './snap.linux.ts';
import { stanzaField, stanzasOf } from './stanzas.linux.ts';
import type { PackageSystem } from './system.ts';

export function packageSystems(settings: Settings): readonly PackageSystem[] {
  return [
    dpkg(join(settings.varRoot, 'lib/dpkg')),
    apk(join(settings.libRoot, 'apk/db/installed')),
    rpm(settings),
    pacman(settings.varRoot),
    snap(settings.fsRoot, settings.varRoot),
    flatpak(settings.varRoot),
    npm(settings.fsRoot),
    pip(settings.fsRoot),
    gem(settings.fsRoot),
  ];
}

/** Status words (dpkg(1)) of a package that is on the disk, configured or not. */
const present = /^\S+ \S+ (?:installed|half-configured|half-installed|unpacked|triggers-\S+)$/;

/** dpkg's database: `status` in the form of deb822(5), and `info/NAME.list`, written when the package was unpacked. */
function dpkg(folder: string): PackageSystem {
  function factsOf(stanza: string): PackageFacts | undefined {
    const name = stanzaField(stanza, 'Package');
    if (name === undefined || !present.test(stanzaField(stanza, 'Status') ?? '')) return undefined;
    const architecture = stanzaField(stanza, 'Architecture');
    const kibibytes = Number(stanzaField(stanza, 'Installed-Size'));
    return {
      type: 'deb',
      name,
      version: stanzaField(stanza, 'Version'),
      architecture,
      sizeBytes: Number.isSafeInteger(kibibytes) && kibibytes >= 0 ? kibibytes * 1024 : undefined,
      maintainer: stanzaField(stanza, 'Maintainer'),
      installedAt: installedAt(folder, name, architecture),
    };
  }
  return {
    type: 'deb',
    version: () => fileVersion(join(folder, 'status')),
    folders: () => existing(folder),
    read: () => readStanzas(join(folder, 'status'), factsOf),
  };
}

function installedAt(folder: string, name: string, architecture: string | undefined) {
  if (name.includes('/')) return undefined;
  return (
    modifiedAt(join(folder, 'info', `${name}.list`)) ??
    modifiedAt(join(folder, 'info', `${name}:${architecture ?? ''}.list`))
  );
}

/** apk's database (apk-v2 format): P name, V version, A architecture, I installed size, m maintainer. */
function apk(path: string): PackageSystem {
  return {
    type: 'apk',
    version: () => fileVersion(path),
    folders: () => existing(dirname(path)),
    read: () =>
      readStanzas(path, (stanza) => {
        const field = (name: string) => stanzaField(stanza, name, ':');
        const name = field('P');
        if (name === undefined) return undefined;
        const size = Number(field('I'));
        return {
          type: 'apk',
          name,
          version: field('V'),
          architecture: field('A'),
          sizeBytes: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
          maintainer: field('m'),
        };
      }),
  };
}

/** rpm keeps one of three databases; only rpm itself reads them all. */
function rpm(settings: Settings): PackageSystem {
  const folder = join(settings.varRoot, 'lib/rpm');
  const databases = ['rpmdb.sqlite', 'rpmdb.sqlite-wal', 'Packages.db', 'Packages'];
  return {
    type: 'rpm',
    version() {
      const versions = databases.map((name) => fileVersion(join(folder, name)));
      return versions.some((one) => one !== undefined) ? versions.join() : undefined;
    },
    folders: () => existing(folder),
    async read() {
      const output =
        (await toolOutput('rpm', ['--dbpath', folder, ...rpmSignedQuery])) ??
        (await toolOutput('rpm', ['--dbpath', folder, ...rpmQuery]));
      return output
        ?.split('\n')
        .map(rpmRow)
        .filter((row) => row !== undefined);
    },
  };
}

async function readStanzas(
  path: string,
  factsOf: (stanza: string) => PackageFacts | undefined,
): Promise<PackageFacts[] | undefined> {
  const found: PackageFacts[] = [];
  try {
    for await (const stanzas of stanzasOf(createReadStream(path))) {
      for (const stanza of stanzas) {
        const facts = factsOf(stanza);
        if (facts !== undefined && found.length < maxPackages) found.push(facts);
      }
    }
    return found;
  } catch {
    return undefined;
  }
}

function existing(folder: string): string[] {
  return statOf(folder)?.isDirectory() === true ? [folder] : [];
}
