/** Keeps the folder of segments and the manifest in step. */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Manifest } from './manifest.ts';

/** Removes files that no manifest names and no reader can be at: what a crash left. Before anything is sealed. */
export function removeStrangers(folder: string, manifest: Manifest, waste: readonly string[]): number {
  const known = new Set([...manifest.list().map(({ path }) => path), ...waste]);
  let removed = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (known.has(path.slice(folder.length + 1).replaceAll(sep, '/'))) continue;
    rmSync(path, { force: true });
    removed++;
  }
  return removed;
}

/** Removes files, and folders that are empty then. Gives those that are gone. */
export function removeFiles(folder: string, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    try {
      rmSync(join(folder, path), { force: true });
    } catch {
      return false;
    }
    for (let parts = path.split('/').slice(0, -1); parts.length > 0; parts = parts.slice(0, -1)) {
      try {
        rmdirSync(join(folder, ...parts));
      } catch {
        break;
      }
    }
    return true;
  });
}
