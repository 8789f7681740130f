/** Looks at a source before it becomes a bundle: every rule compiles, and its tests pass. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathProblem, type TestRecord } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { rulesFromFiles } from '#shared/rules/from-files.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import { type CaseResult, runCases } from '../rules/cases.ts';
import type { RuleProblem } from '../store/contract.ts';
import { isRule, type SourceFiles, testName } from './source.ts';

/** A test that did not go as it says. */
export interface FailedTest {
  readonly file: string;
  readonly name: string;
  readonly detail: string;
}

export interface CheckedSource {
  readonly rules: number;
  /** Errors and warnings, the rules with errors being refused. */
  readonly problems: readonly RuleProblem[];
  readonly failed: readonly FailedTest[];
  /** Files with rules that raise alerts and have no test that hits, or none that nearly does, or a failing one. */
  readonly untested: readonly string[];
  readonly tests: readonly TestRecord[];
}

/** Compiles and tests. Tests are run from a folder of its own that is removed. Throws `bundle.path`, `data.unreadable`. */
export async function checkSource(files: SourceFiles): Promise<CheckedSource> {
  const { ruleSet, problems, accepted } = rulesFromFiles(files);
  const results = await runAll(files);
  const tests = [...files.keys()].filter((path) => testName.test(path)).sort();
  const records = tests.map((path) => recordOf(path, files.get(path)!, results.get(path) ?? []));
  const sound = new Set(records.filter(({ hits, misses }) => hits > 0 && misses > 0).map(({ path }) => path));
  const failed = [...results].flatMap(([file, cases]) =>
    cases.filter(({ passed }) => !passed).map(({ name, detail }) => ({ file, name, detail })),
  );
  for (const { file } of failed) sound.delete(file);
  const untested = loudFiles(ruleSet).filter((path) => !sound.has(path.replace(/\.(ya?ml)$/i, '.test.$1')));
  return { rules: accepted, problems, failed, untested, tests: records };
}

/** The source without its tests: what the bundle holds. */
export function bundledFiles(files: SourceFiles): Map<string, Uint8Array> {
  return new Map([...files].filter(([path]) => !testName.test(path)));
}

function recordOf(path: string, data: Uint8Array, cases: readonly CaseResult[]): TestRecord {
  const passed = (expect: 'hit' | 'miss') => cases.filter((c) => c.passed && c.expect === expect).length;
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { path, sha256, hits: passed('hit'), misses: passed('miss') };
}

/** Files with a rule or correlation that raises alerts itself. */
function loudFiles({ rules, correlations, silent }: RuleSet): readonly string[] {
  const loud = [...rules, ...correlations].filter((one) => !silent.has(one));
  return [...new Set(loud.map(({ rule }) => rule.file))].filter(isRule).sort();
}

async function runAll(files: SourceFiles): Promise<ReadonlyMap<string, readonly CaseResult[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'vedette-check-'));
  try {
    for (const [path, data] of files) await put(folder, path, data);
    const withTests = [...files.keys()].filter((path) => testName.test(path)).map((path) => dirname(path));
    const results = new Map<string, CaseResult[]>();
    for (const part of new Set(withTests))
      for (const result of await runCases(join(folder, part), [join(folder, 'lists')])) {
        const path = `${part}/${result.file}`;
        results.set(path, [...(results.get(path) ?? []), result]);
      }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function put(folder: string, path: string, data: Uint8Array): Promise<void> {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new VedetteError('bundle.path', `${JSON.stringify(path)}: ${problem}`);
  const to = join(folder, path);
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await writeFile(to, data, { mode: 0o600 });
}
