import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { detached } from '../detached.ts';
import { fileVersion, namesIn } from './database.linux.ts';
import { maxPackages, type PackageFacts } from './inventory.ts';
import type { PackageSystem } from './system.ts';

/** Descriptions read between two pauses that let other work go on. */
const stretch = 64;

export interface FolderSystem {
  readonly type: string;
  /** The folders that hold one entry for each package. */
  readonly folders: () => string[];
  /** What an entry says; undefined for one that is no package. Given again as long as its folder holds the name. */
  readonly factsOf: (folder: string, name: string) => PackageFacts | undefined;
  /** What besides the name tells whether an entry is the one known; by default the name alone. */
  readonly versionOf?: (folder: string, name: string) => string | undefined;
}

/**
 * A package system that keeps its packages as entries of folders. What an entry said is kept, so that after a change
 * only what is new is read.
 */
export function folderSystem({ type, folders, factsOf, versionOf = () => '' }: FolderSystem): PackageSystem {
  let known = new Map<string, PackageFacts | undefined>();
  return {
    type,
    folders,
    version() {
      const versions = folders().map((folder) => `${folder}=${fileVersion(folder)}`);
      return versions.length === 0 ? undefined : versions.join();
    },
    async read() {
      const next = new Map<string, PackageFacts | undefined>();
      let looked = 0;
      for (const folder of folders()) {
        for (const name of namesIn(folder)) {
          if (next.size >= maxPackages) break;
          const key = `${join(folder, name)}\0${versionOf(folder, name)}`;
          next.set(key, known.has(key) ? known.get(key) : alone(factsOf(folder, name)));
          if (++looked % stretch === 0) await breathe();
        }
      }
      known = next;
      const found = new Map<string, PackageFacts>();
      for (const facts of next.values()) {
        if (facts !== undefined) found.set(`${facts.name}\0${facts.version}\0${facts.architecture}`, facts);
      }
      return [...found.values()];
    },
  };
}

/** Facts that keep nothing of the description they were read from. */
function alone(facts: PackageFacts | undefined): PackageFacts | undefined {
  if (facts === undefined) return undefined;
  const own = (value: unknown) => (typeof value === 'string' ? detached(value) : value);
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, own(value)]),
  ) as unknown as PackageFacts;
}
