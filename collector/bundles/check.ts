/** Looks at a source before it becomes a bundle: every rule compiles, and its tests pass. */
import { createHash } from 'node:crypto';
import { pathProblem, type TestRecord } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { compileDocuments } from '#shared/rules/compile.ts';
import { documentsFromFiles } from '#shared/rules/from-files.ts';
import { preparedPath } from '#shared/rules/prepared/form.ts';
import { prepareRules } from '#shared/rules/prepared/prepare.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import type { CaseResult } from '../rules/cases.ts';
import { ruleFileOf, type TestVerdict, verdictsOf } from '../rules/verdicts.ts';
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
  /** What hosts are to run of it, read beforehand; undefined where they have to read the texts. */
  readonly prepared: Uint8Array | undefined;
}

/** Compiles and tests, with the pipelines, lists and correlations that go with them. Throws `bundle.path`. */
export async function checkSource(files: SourceFiles): Promise<CheckedSource> {
  for (const path of files.keys()) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new VedetteError('bundle.path', `${JSON.stringify(path)}: ${problem}`);
  }
  const { before, lists } = documentsFromFiles(files);
  const { ruleSet, problems, accepted } = compileDocuments(before, lists);
  const tests = [...files.keys()].filter((path) => testName.test(path)).sort();
  const caseFiles = tests.map((file) => ({
    ...{ file, text: Buffer.from(files.get(file)!).toString('utf8') },
    ruleFile: ruleFileOf(file, files),
  }));
  const run = verdictsOf(ruleSet, caseFiles);
  const ofFile = Map.groupBy(run.results, ({ file }) => file);
  const failed = run.results
    .filter(({ passed }) => !passed)
    .map(({ file, name, detail }) => ({ file, name, detail }));
  const unread = run.problems.map(({ file, message }) => ({ file, name: 'the file', detail: message }));
  return {
    ...{ rules: accepted, problems, failed: [...unread, ...failed] },
    untested: filesWithout(ruleSet, run.verdicts),
    tests: tests.map((path) => recordOf(path, files.get(path)!, ofFile.get(path) ?? [])),
    prepared: prepareRules(before.documents, lists),
  };
}

/** Files of a bundle with prepared rules come to no more: agents take 16 MiB, roots, manifest and statement included. */
const mostPreparedBytes = 14 << 20;

/**
 * The source without its tests, and with what was prepared of it: what the bundle holds. Where that would make it larger
 * than agents take, they read the texts.
 */
export function bundledFiles(
  files: SourceFiles,
  { prepared }: Pick<CheckedSource, 'prepared'>,
): Map<string, Uint8Array> {
  const bundled = new Map([...files].filter(([path]) => !testName.test(path) && path !== preparedPath));
  const textBytes = [...bundled.values()].reduce((sum, { length }) => sum + length, 0);
  if (prepared !== undefined && textBytes + prepared.length <= mostPreparedBytes)
    bundled.set(preparedPath, prepared);
  return bundled;
}

function recordOf(path: string, data: Uint8Array, cases: readonly CaseResult[]): TestRecord {
  const passed = (expect: 'hit' | 'miss') => cases.filter((c) => c.passed && c.expect === expect).length;
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { path, sha256, hits: passed('hit'), misses: passed('miss') };
}

/** Files with a rule or correlation that raises alerts itself and that its tests do not vouch for. */
function filesWithout(
  { rules, correlations, silent }: RuleSet,
  verdicts: ReadonlyMap<string, TestVerdict>,
): readonly string[] {
  const loud = [...rules, ...correlations].filter((one) => !silent.has(one));
  const untested = loud.filter(({ rule }) => verdicts.get(rule.id) !== 'tested');
  return [...new Set(untested.map(({ rule }) => rule.file))].filter(isRule).sort();
}
