import { existsSync } from 'node:fs';
import { indexOfRecords } from '#shared/detect/detectors/advisory/index-of-records.ts';
import { EpisodeBook } from '#shared/detect/episode-book.ts';
import type { RuleHeader, RuleProblem, RuleSet } from '#shared/sigma/index.ts';
import { createDetector } from '../detect/detector.ts';
import type { NewAlert } from '../store/contract.ts';
import { caseStartAt, columnsOfEvent } from './case-events.ts';
import { type RuleCase, readCases, testSuffix } from './case-file.ts';
import { readTextFiles } from './files.ts';
import { loadRules } from './load.ts';
import { narrowed } from './narrow.ts';
import { whyNot } from './why-not.ts';

export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly expect: 'hit' | 'miss';
  readonly passed: boolean;
  /** Why it did not pass, or the reasons of the alerts. */
  readonly detail: string;
  /** Rules that raised alerts. */
  readonly ruleIds: readonly string[];
}

/** A file of tests, with the rules it is about: those of the file of the same name. */
export interface CaseFile {
  readonly file: string;
  readonly text: string;
  /** Of the rules. */
  readonly ruleFile: string;
}

/** Runs the cases of every `*.test.yml` at or below a folder against the rule file of the same name. */
export async function runCases(
  folder: string,
  listFolders: readonly string[],
): Promise<readonly CaseResult[]> {
  const { texts } = await readTextFiles([folder], testSuffix);
  const { ruleSet } = await loadRules([folder], listFolders);
  return texts.flatMap(({ file, text }) => {
    const run = runCaseFile({ file, text, ruleFile: file.replace(testSuffix, '.yml') }, ruleSet);
    const name = file.slice(folder.length).replace(/^[/\\]+/, '');
    const problems = run.problems.map(({ message }) => failed(name, message));
    return [...problems, ...run.results.map((result) => ({ ...result, file: name }))];
  });
}

/**
 * Every file of tests at or below these paths, or beside them where they are files of rules: `<rule>.test.yml` beside
 * `<rule>.yml`.
 */
export async function findCaseFiles(paths: readonly string[]): Promise<readonly CaseFile[]> {
  const beside = paths.map((path) =>
    /\.ya?ml$/i.test(path) && !testSuffix.test(path) ? path.replace(/\.ya?ml$/i, '.test.yml') : path,
  );
  const there = beside.filter((path) => existsSync(path));
  const { texts } = await readTextFiles(there, testSuffix);
  return texts.map(({ file, text }) => {
    const stem = file.replace(testSuffix, '');
    return { file, text, ruleFile: existsSync(`${stem}.yaml`) ? `${stem}.yaml` : `${stem}.yml` };
  });
}

function failed(file: string, detail: string): CaseResult {
  return { file, name: 'the file', expect: 'hit', passed: false, detail, ruleIds: [] };
}

/** Runs one file of tests; `ruleSet` holds its rules and what they refer to. Alerts of other files do not count. */
export function runCaseFile(
  { file, text, ruleFile }: CaseFile,
  ruleSet: RuleSet,
): { readonly results: readonly CaseResult[]; readonly problems: readonly RuleProblem[] } {
  const { cases, problems } = readCases(text, file);
  const own = [...ruleSet.rules, ...ruleSet.correlations].filter(({ rule }) => rule.file === ruleFile);
  const meant = narrowed(ruleSet, new Set(own.map(({ rule }) => rule.id)));
  if (own.length === 0 && cases.length > 0)
    return { results: [failed(file, `No rule of ${ruleFile} was accepted.`)], problems };
  return { results: cases.map((one) => runCase(file, one, meant)), problems };
}

function runCase(file: string, one: RuleCase, ruleSet: RuleSet): CaseResult {
  const { name, expect } = one;
  const product = one.product ?? productOf(ruleSet);
  const wanted = one.rule === undefined ? undefined : ruleCalled(ruleSet, one.rule);
  const head = { file, name, expect };
  if (one.rule !== undefined && wanted === undefined)
    return { ...head, passed: false, detail: `No rule of the file is ${one.rule}.`, ruleIds: [] };
  const raised = alertsOf(one, heard(ruleSet, wanted), product);
  const alerts = wanted === undefined ? raised : raised.filter(({ ruleId }) => ruleId === wanted.id);
  const expected = one.alerts ?? alerts.length;
  const passed = alerts.length === expected && (expect === 'hit') === alerts.length > 0;
  const reasons = alerts.map(({ reason }) => reason).join(' ');
  const ruleIds = alerts.map(({ ruleId }) => ruleId);
  if (passed) return { ...head, passed, detail: reasons, ruleIds };
  const told = `${alerts.length} alerts where ${one.alerts ?? expect} expected. ${reasons}`;
  const why =
    alerts.length < (one.alerts ?? 1) && expect === 'hit' ? whyNot(one.events, ruleSet, product) : [];
  return { ...head, passed, detail: [told.trim(), ...why].join('\n'), ruleIds };
}

/** A rule that only serves correlations raises alerts where a case is about it. */
function heard(ruleSet: RuleSet, wanted: RuleHeader | undefined): RuleSet {
  if (wanted === undefined) return ruleSet;
  return { ...ruleSet, silent: new Set([...ruleSet.silent].filter(({ rule }) => rule !== wanted)) };
}

/** Alerts as they are kept. Each event is a batch of its own, in the order of the case. */
function alertsOf(
  { events, advisories = [] }: RuleCase,
  ruleSet: RuleSet,
  product: string,
): readonly NewAlert[] {
  const detector = createDetector(ruleSet, { advisories: indexOfRecords(advisories, 1) });
  const book = new EpisodeBook<NewAlert>();
  events.forEach((event, i) => {
    const origin = {
      ...{ hostId: `${event.host}-host`, hostName: event.host, product },
      eventId: (_: number, row: number) => `${i}.${row}`,
    };
    for (const alert of detector.detect(origin, [columnsOfEvent(event)], caseStartAt))
      if (book.goingOn(alert) === undefined) book.add(alert, alert);
  });
  return [...book.byId.values()];
}

/** The one that all rules are about; `linux` where they say none or several. */
export function productOf({ rules }: RuleSet): string {
  const said = new Set(rules.flatMap(({ rule }) => rule.logsource.product ?? []));
  const [first = 'linux'] = said;
  return said.size === 1 ? first : 'linux';
}

function ruleCalled({ rules, correlations }: RuleSet, wanted: string): RuleHeader | undefined {
  const all: readonly { readonly rule: RuleHeader }[] = [...rules, ...correlations];
  return all.find(({ rule: { id, name, title } }) => [id, name, title].includes(wanted))?.rule;
}
