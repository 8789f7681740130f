import { eventSpecs } from '#shared/events/registry.gen.ts';
import {
  compileRules,
  parseRules,
  type Referred,
  type RuleSet,
  type ValueLists,
} from '#shared/sigma/index.ts';
import { testSuffix } from './case-file.ts';
import { type CaseFile, type CaseResult, runCaseFile } from './cases.ts';

/**
 * `tested`: some case that must hit did, some near-miss did not, and none failed. `failed`: a case of its file failed.
 * `untested`: all else.
 */
export type TestVerdict = 'tested' | 'untested' | 'failed';

/**
 * What the tests beside rules say of each of them, by id. `files` are texts by path with forward slashes: rules
 * (`*.yml`), tests (`<rule>.test.yml`) and value lists (`lists/NAME.txt`); other folders of a bundle are passed over.
 */
export function testVerdicts(
  files: ReadonlyMap<string, string | Uint8Array>,
): ReadonlyMap<string, TestVerdict> {
  const texts = [...files].map(([file, text]) => ({ file, text: textOf(text) }));
  const rules = texts.filter(({ file }) => isRule(file));
  const documents = rules.flatMap(({ file, text }) => parseRules(text, file).documents);
  const { ruleSet } = compileRules(documents, { lists: listsOf(texts), specs: Object.values(eventSpecs) });
  const tests = texts.filter(({ file }) => testSuffix.test(file) && !otherFolders.test(file));
  const caseFiles = tests.map(({ file, text }) => ({ file, text, ruleFile: ruleFileOf(file, files) }));
  return verdictsOf(ruleSet, caseFiles).verdicts;
}

const otherFolders = /^(?:pipelines|lists|detectors|indicators|settings|responses)\//;

function isRule(file: string): boolean {
  return /\.ya?ml$/i.test(file) && !testSuffix.test(file) && !otherFolders.test(file);
}

function textOf(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
}

/** The file of rules that a file of tests is about. */
export function ruleFileOf(file: string, files: ReadonlyMap<string, unknown>): string {
  const stem = file.replace(testSuffix, '');
  return files.has(`${stem}.yaml`) ? `${stem}.yaml` : `${stem}.yml`;
}

function listsOf(texts: readonly { readonly file: string; readonly text: string }[]): ValueLists {
  const lists = new Map<string, readonly string[]>();
  for (const { file, text } of texts) {
    const name = /^(?:.*\/)?lists\/([^/]+)\.txt$/.exec(file)?.[1];
    if (name === undefined) continue;
    const values = text.split(/\r?\n/).map((line) => line.trim());
    lists.set(name, [...(lists.get(name) ?? []), ...values.filter((v) => v !== '' && !v.startsWith('#'))]);
  }
  return lists;
}

/** Runs all files of tests; gives what came of each case, and the verdict on each rule. */
export function verdictsOf(ruleSet: RuleSet, caseFiles: readonly CaseFile[]) {
  const results: CaseResult[] = [];
  const problems = [];
  const verdicts = new Map<string, TestVerdict>();
  const byFile = Map.groupBy([...ruleSet.rules, ...ruleSet.correlations], ({ rule }) => rule.file);
  for (const { rule } of [...ruleSet.rules, ...ruleSet.correlations]) verdicts.set(rule.id, 'untested');
  for (const caseFile of caseFiles) {
    const run = runCaseFile(caseFile, ruleSet);
    results.push(...run.results);
    problems.push(...run.problems);
    const isFailed = run.problems.length > 0 || run.results.some(({ passed }) => !passed);
    for (const one of byFile.get(caseFile.ruleFile) ?? [])
      verdicts.set(one.rule.id, isFailed ? 'failed' : verdictOn(one, run.results, ruleSet));
  }
  return { results, problems, verdicts };
}

function verdictOn(one: Referred, results: readonly CaseResult[], { correlations }: RuleSet): TestVerdict {
  // A rule that only serves a correlation is hit when the correlation is.
  const ids = new Set([one.rule.id]);
  for (let size = 0; size < ids.size; ) {
    size = ids.size;
    for (const { rule, refers } of correlations)
      if (refers.some((referred) => ids.has(referred.rule.id))) ids.add(rule.id);
  }
  const isHit = results.some(({ expect, ruleIds }) => expect === 'hit' && ruleIds.some((id) => ids.has(id)));
  const isMissed = results.some(({ expect }) => expect === 'miss');
  return isHit && isMissed ? 'tested' : 'untested';
}
