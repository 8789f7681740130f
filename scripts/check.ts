/** `npm run check`: types, lint and format, import rules, generated files, tests. Goes through all, then says which failed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkImports } from './check/imports.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');

function tool(name: string, ...args: string[]): boolean {
  return (
    spawnSync(join(bin, name), args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
      .status === 0
  );
}

function imports(): boolean {
  const problems = checkImports(root);
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}

const steps: readonly (readonly [name: string, run: () => boolean])[] = [
  ['types', () => tool('tsc', '--noEmit', '-p', '.')],
  ['lint and format', () => tool('biome', 'check', '--error-on-warnings', '.')],
  ['import rules', imports],
  ['generated files', () => tool('node', 'scripts/generate.ts', '--check')],
  ...(process.argv.includes('--no-tests') ? [] : [['tests', () => tool('tap')] as const]),
];

const failed = steps.filter(([name, run]) => {
  console.log(`\n== ${name}`);
  return !run();
});
console.log(
  failed.length === 0 ? '\ncheck: all well' : `\ncheck: failed: ${failed.map(([name]) => name).join(', ')}`,
);
process.exit(failed.length === 0 ? 0 : 1);
