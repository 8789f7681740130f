import { createReadStream, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../options.ts';
import { toolOutput } from '../tool.ts';
import { maxPackages, type PackageFacts } from './inventory.ts';
import { rpmQuery, rpmRow } from './rpm.ts';
import { stanzaField, stanzasOf } from './stanzas.linux.ts';

/** One package system of a Linux host. */
export interface PackageSystem {
  readonly type: string;
  /** A text that changes with the database; undefined when there is none. */
  version(): string | undefined;
  /** Everything installed; undefined when the database cannot be read. */
  read(): Promise<PackageFacts[] | undefined>;
}

export function packageSystems(settings: Settings): readonly PackageSystem[] {
  return [
    dpkg(join(settings.varRoot, 'lib/dpkg')),
    apk(join(settings.libRoot, 'apk/db/installed')),
    rpm(settings),
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
    async read() {
      const output = await toolOutput('rpm', ['--dbpath', folder, ...rpmQuery]);
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

function fileVersion(path: string): string | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : `${found.mtimeMs}:${found.size}:${found.ino}`;
}

function modifiedAt(path: string): number | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : Math.round(found.mtimeMs * 1000);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
