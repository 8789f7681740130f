/**
 * Writes every file that is derived from declarations. With --check, writes nothing and fails naming the stale
 * ones. The lock file only ever grows: a field that was removed or retyped is an error.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiPage } from './generate/api.ts';
import { cliPage } from './generate/cli.ts';
import { configPage } from './generate/config.ts';
import { errorsPage } from './generate/errors.ts';
import { eventFiles } from './generate/events.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

const files = new Map<string, string>([
  ...(await eventFiles(root)),
  ['docs/reference/errors.md', errorsPage()],
  ['docs/reference/config.md', configPage()],
  ['docs/reference/cli.md', cliPage()],
  ['docs/reference/api.md', apiPage()],
]);
const stale: string[] = [];
for (const [path, text] of files) {
  if (current(path) === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
if (check && stale.length > 0) {
  console.error(`Stale generated files: ${stale.join(', ')}. Run \`npm run generate\` and commit them.`);
  process.exit(1);
}
console.log(
  check
    ? `${files.size} generated files are up to date`
    : `wrote ${stale.length} of ${files.size} generated files`,
);
