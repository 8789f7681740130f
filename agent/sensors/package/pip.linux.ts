import { join } from 'node:path';
import { foldersAt, modifiedAt, textOf } from './database.linux.ts';
import type { PackageFacts } from './inventory.ts';
import { folderSystem } from './many-folders.linux.ts';
import type { PackageSystem } from './system.ts';

/** Folders in which Python looks for packages of everybody. */
export function pythonSites(fsRoot: string): string[] {
  return ['usr/lib', 'usr/lib64', 'usr/local/lib', 'usr/local/lib64'].flatMap((lib) =>
    ['dist-packages', 'site-packages'].flatMap((site) =>
      foldersAt(fsRoot, ...lib.split('/'), 'python3*', site),
    ),
  );
}

/** Python packages (PEP 376, 427, 610): NAME-VERSION.dist-info with METADATA, or an egg-info of old. */
export function pip(fsRoot: string): PackageSystem {
  return folderSystem({
    type: 'pip',
    folders: () => pythonSites(fsRoot),
    factsOf(folder, name) {
      const path = join(folder, name);
      if (name.endsWith('.dist-info')) return pipFacts(textOf(join(path, 'METADATA')), path);
      if (name.endsWith('.egg-info')) return pipFacts(textOf(join(path, 'PKG-INFO')) ?? textOf(path), path);
      return undefined;
    },
  });
}

/** METADATA begins with headers as in a mail; the description after the first empty line is not looked at. */
function pipFacts(metadata: string | undefined, path: string): PackageFacts | undefined {
  const head = metadata?.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const value = (key: string) => new RegExp(`^${key}:[ \\t]*(.+?)[ \\t\\r]*$`, 'm').exec(head)?.[1];
  const name = value('Name');
  if (name === undefined) return undefined;
  return {
    type: 'pip',
    name,
    version: value('Version'),
    maintainer: value('Author') ?? value('Author-email'),
    origin: originOf(path),
    installedAt: modifiedAt(path),
  };
}

/** Where it came from if not from the index, by PEP 610; a password in the address is left out. */
function originOf(path: string): string | undefined {
  try {
    const found: unknown = JSON.parse(textOf(join(path, 'direct_url.json')) ?? '');
    const url: unknown = typeof found === 'object' && found !== null ? Reflect.get(found, 'url') : undefined;
    return typeof url === 'string' ? url.replace(/\/\/[^/@]*@/, '//') : undefined;
  } catch {
    return undefined;
  }
}
