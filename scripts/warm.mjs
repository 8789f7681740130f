// Loads every module once, so that the compile cache that scripts/vedette.mjs uses holds them all.
import { readdirSync, rmSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache', 'compile');

/** TypeScript files below a folder of the checkout. */
function sourcesIn(top) {
  return readdirSync(join(root, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Entries of threads and processes do their work when loaded; the dashboard is the browser's. */
function isToBeLoaded(path) {
  return !/\.(worker|process)\.ts$/.test(path) && !path.includes(join('collector', 'web'));
}

rmSync(cache, { recursive: true, force: true });
module.enableCompileCache(cache);
for (const path of ['shared', 'agent', 'collector'].flatMap(sourcesIn).filter(isToBeLoaded)) {
  await import(pathToFileURL(path).href);
}
module.flushCompileCache();
