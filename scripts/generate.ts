/**
 * Writes every file that is derived from declarations. With --check, writes nothing and fails naming the stale
 * ones, and event types without an example. The lock file only ever grows: a field that was removed or retyped is an
 * error.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventFiles, typesWithoutExample } from './generate/events.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

const stale: string[] = [];
let count = 0;

function keep(files: Iterable<readonly [path: string, text: string]>): void {
  for (const [path, text] of files) {
    count++;
    if (current(path) === text) continue;
    stale.push(path);
    if (check) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

keep(await eventFiles(root));
if (!check || stale.length === 0) {
  // Loaded only now: they import what was just written, and refuse events that the lock file lacks.
  const pages = await import('./generate/pages.ts');
  keep(await pages.pages());
}
if (check && stale.length === 0) {
  const { eventSpecs } = await import('#shared/events/registry.gen.ts');
  const missing = typesWithoutExample(root, Object.keys(eventSpecs));
  if (missing.length > 0) {
    console.error(`No example of ${missing.join(', ')}. Take one as root on Linux: node scripts/examples.ts`);
    process.exit(1);
  }
}
if (check && stale.length > 0) {
  console.error(`Stale generated files: ${stale.join(', ')}. Run \`npm run generate\` and commit them.`);
  process.exit(1);
}
console.log(
  check ? `${count} generated files are up to date` : `wrote ${stale.length} of ${count} generated files`,
);
