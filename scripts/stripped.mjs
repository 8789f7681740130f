// The agent's own modules without their types, made by scripts/warm.mjs. Node's compile cache would do the same, but
// keeps what it read of it, 3 MB, for as long as the process lives.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'stripped');

/** By content, so that what is kept of a file that has changed since is never taken for it. */
function pathOf(source) {
  return join(folder, `${createHash('sha256').update(source).digest('hex')}.js`);
}

/** Loads modules from what was kept; those of which nothing was are left to Node, which strips them itself. */
export function loadStripped() {
  module.registerHooks({
    load(url, context, next) {
      if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
      try {
        const source = readFileSync(pathOf(readFileSync(fileURLToPath(url))), 'utf8');
        return { format: 'module', source, shortCircuit: true };
      } catch {
        return next(url, context);
      }
    },
  });
}

/** Keeps these files without their types, and no others. */
export function keepStripped(paths) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const path of paths) {
    const source = readFileSync(path);
    writeFileSync(pathOf(source), module.stripTypeScriptTypes(source.toString()));
  }
}
