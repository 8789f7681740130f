import { join } from 'node:path';
import { foldersAt, modifiedAt } from './database.linux.ts';
import { folderSystem } from './many-folders.linux.ts';
import type { PackageSystem } from './system.ts';

const places: readonly (readonly string[])[] = [
  ['var/lib/gems', '*', 'specifications'],
  ['usr/lib/ruby/gems', '*', 'specifications'],
  ['usr/lib64/ruby/gems', '*', 'specifications'],
  ['usr/local/lib/ruby/gems', '*', 'specifications'],
  ['usr/local/bundle/specifications'],
  ['usr/share/gems/specifications'],
  ['usr/share/rubygems-integration', '*', 'specifications'],
];
const specification = /^(.+?)-(\d[^-]*)(?:-(.+))?\.gemspec$/;

/** Ruby gems of everybody: a NAME-VERSION[-PLATFORM].gemspec for each. The files are programs and are not read. */
export function gem(fsRoot: string): PackageSystem {
  return folderSystem({
    type: 'gem',
    folders: () =>
      places
        .flatMap((parts) => foldersAt(fsRoot, ...parts))
        .flatMap((folder) => [folder, ...foldersAt(folder, 'default')]),
    factsOf(folder, entry) {
      const [, name, version, architecture] = specification.exec(entry) ?? [];
      if (name === undefined) return undefined;
      return { type: 'gem', name, version, architecture, installedAt: modifiedAt(join(folder, entry)) };
    },
  });
}
