import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { modifiedAt, namesIn, statOf, textOf } from './database.linux.ts';
import type { PackageFacts } from './inventory.ts';
import type { PackageSystem } from './system.ts';

/** snapd's mounted snaps: /snap/NAME/current leads to the revision in use, which describes itself. */
export function snap(fsRoot: string, varRoot: string): PackageSystem {
  const roots = [join(fsRoot, 'snap'), join(varRoot, 'lib/snapd/snap')];
  const root = () => roots.find((path) => statOf(path)?.isDirectory() === true);

  function revisions(): (readonly [name: string, revision: string])[] {
    const folder = root();
    if (folder === undefined) return [];
    return namesIn(folder).flatMap((name) => {
      try {
        return [[name, readlinkSync(join(folder, name, 'current'))] as const];
      } catch {
        return [];
      }
    });
  }

  return {
    type: 'snap',
    folders: () =>
      [root() ?? '', join(varRoot, 'lib/snapd/snaps')].filter((path) => statOf(path)?.isDirectory() === true),
    version() {
      const found = revisions();
      return found.length === 0 && root() === undefined ? undefined : found.join();
    },
    async read() {
      const folder = root();
      if (folder === undefined) return undefined;
      return revisions().map(([name, revision]): PackageFacts => {
        const yaml = textOf(join(folder, name, 'current/meta/snap.yaml')) ?? '';
        return {
          type: 'snap',
          name,
          version: `${topValue(yaml, 'version') ?? ''} (${revision})`.trim(),
          architecture: /^architectures:\s*\n?\s*[-[]\s*(\w+)/m.exec(yaml)?.[1],
          installedAt: modifiedAt(join(varRoot, `lib/snapd/snaps/${name}_${revision}.snap`)),
          sizeBytes: statOf(join(varRoot, `lib/snapd/snaps/${name}_${revision}.snap`))?.size,
        };
      });
    },
  };
}

/** A plain value at the left margin of a YAML document, without its quotes. */
function topValue(yaml: string, key: string): string | undefined {
  const value = new RegExp(`^${key}:[ \\t]*(.+?)[ \\t]*$`, 'm').exec(yaml)?.[1];
  return value?.replace(/^(['"])(.*)\1$/, '$2');
}
