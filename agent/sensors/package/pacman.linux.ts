import { join } from 'node:path';
import { statOf, textOf } from './database.linux.ts';
import type { PackageFacts } from './inventory.ts';
import { folderSystem } from './many-folders.linux.ts';
import type { PackageSystem } from './system.ts';

/** pacman's database: a folder NAME-VERSION for each package, with its description in `desc`. */
export function pacman(varRoot: string): PackageSystem {
  const local = join(varRoot, 'lib/pacman/local');
  return folderSystem({
    type: 'pacman',
    folders: () => (statOf(local)?.isDirectory() === true ? [local] : []),
    factsOf: (folder, name) => pacmanFacts(textOf(join(folder, name, 'desc')) ?? ''),
  });
}

/** A `desc`: lines of `%KEY%`, each followed by its values up to an empty line. */
export function pacmanFacts(desc: string): PackageFacts | undefined {
  const value = (key: string) => new RegExp(`^%${key}%\\n(.+)$`, 'm').exec(desc)?.[1];
  const number = (key: string, factor: number) => {
    const text = value(key) ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) * factor : undefined;
  };
  const name = value('NAME');
  if (name === undefined) return undefined;
  return {
    type: 'pacman',
    name,
    version: value('VERSION'),
    architecture: value('ARCH'),
    sizeBytes: number('SIZE', 1),
    maintainer: value('PACKAGER'),
    installedAt: wholeTime(number('INSTALLDATE', 1_000_000)),
    signature: value('VALIDATION'),
  };
}

/** Times beyond what an event can hold are none. */
function wholeTime(time: number | undefined): number | undefined {
  return time !== undefined && time <= 2 ** 52 ? time : undefined;
}
