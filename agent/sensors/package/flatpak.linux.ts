import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { foldersAt, modifiedAt, namesIn, textOf } from './database.linux.ts';
import type { PackageFacts } from './inventory.ts';
import type { PackageSystem } from './system.ts';

/**
 * flatpak's system installation: {app,runtime}/ID/ARCH/BRANCH/active leads to the commit in use. The version of a
 * flatpak is its branch and commit.
 */
export function flatpak(varRoot: string): PackageSystem {
  const roots = () => ['app', 'runtime'].flatMap((kind) => foldersAt(varRoot, 'lib/flatpak', kind));

  function* deployed(): IterableIterator<readonly [id: string, arch: string, branch: string, path: string]> {
    for (const root of roots()) {
      for (const id of namesIn(root)) {
        for (const arch of namesIn(join(root, id))) {
          if (arch === 'current') continue;
          for (const branch of namesIn(join(root, id, arch)))
            yield [id, arch, branch, join(root, id, arch, branch)];
        }
      }
    }
  }

  return {
    type: 'flatpak',
    folders: () => [...roots(), ...foldersAt(varRoot, 'lib/flatpak')],
    version() {
      const found = [...deployed()].map(([, , , path]) => `${path}=${activeCommit(path)}`);
      return roots().length === 0 ? undefined : found.join();
    },
    async read() {
      return [...deployed()].flatMap(([name, architecture, branch, path]): PackageFacts[] => {
        const commit = activeCommit(path);
        if (commit === undefined) return [];
        return [
          {
            type: 'flatpak',
            name,
            version: `${branch} ${commit.slice(0, 12)}`,
            architecture,
            // The deploy file is a GVariant whose first member is the name of the remote, ended by a zero byte.
            origin: /^[\w.-]{1,255}(?=\0)/.exec(textOf(join(path, 'active/deploy')) ?? '')?.[0],
            installedAt: modifiedAt(join(path, 'active/deploy')),
          },
        ];
      });
    },
  };
}

function activeCommit(path: string): string | undefined {
  try {
    return readlinkSync(join(path, 'active'));
  } catch {
    return undefined;
  }
}
