import { join } from 'node:path';
import { fileVersion, foldersAt, maxTextBytes, modifiedAt, namesIn, textOf } from './database.linux.ts';
import type { PackageFacts } from './inventory.ts';
import { folderSystem } from './many-folders.linux.ts';
import type { PackageSystem } from './system.ts';

/** Packages npm installed for everybody: the folders of its usual prefixes, and of each scope in them. */
export function npm(fsRoot: string): PackageSystem {
  const sites = () =>
    ['usr/lib', 'usr/local/lib', 'opt/node*'].flatMap((prefix) =>
      foldersAt(fsRoot, ...prefix.split('/'), ...(prefix.startsWith('opt') ? ['lib'] : []), 'node_modules'),
    );
  return folderSystem({
    type: 'npm',
    folders: () =>
      sites().flatMap((site) => [
        site,
        ...namesIn(site)
          .filter((name) => name.startsWith('@'))
          .map((name) => join(site, name)),
      ]),
    versionOf: (folder, name) => fileVersion(join(folder, name, 'package.json')),
    factsOf: (folder, name) =>
      npmFacts(textOf(join(folder, name, 'package.json'), maxTextBytes), join(folder, name)),
  });
}

function npmFacts(text: string | undefined, folder: string): PackageFacts | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const field = (key: string) => {
    const value: unknown = Reflect.get(found, key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const name = field('name');
  if (name === undefined) return undefined;
  return {
    type: 'npm',
    name,
    version: field('version'),
    maintainer: field('author'),
    origin: field('_resolved'),
    installedAt: modifiedAt(join(folder, 'package.json')),
  };
}
