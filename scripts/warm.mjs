// Loads every module once, so that the compile cache that scripts/vedette.mjs uses holds them all.
import { readdirSync, rmSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache', 'compile');

rmSync(cache, { recursive: true, force: true });
module.enableCompileCache(cache);
for (const top of ['shared', 'agent', 'collector']) {
  for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // Worker entries do their work when loaded; the dashboard is the browser's.
    if (
      !entry.name.endsWith('.ts') ||
      entry.name.endsWith('.worker.ts') ||
      path.includes(join('collector', 'web'))
    )
      continue;
    await import(pathToFileURL(path).href);
  }
}
module.flushCompileCache();
