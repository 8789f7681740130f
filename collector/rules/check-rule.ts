import { eventSpecs } from '#shared/events/registry.gen.ts';
import { compileRules, parseRules, type RuleProblem } from '#shared/sigma/index.ts';
import { type CaseResult, runCaseFile } from './cases.ts';
import { explainRules } from './explain.ts';
import { loadLists } from './lists.ts';

/** What is said of a rule while somebody writes it. */
export interface RuleCheck {
  readonly problems: readonly RuleProblem[];
  readonly cases: readonly CaseResult[];
  /** In words, a line each; none where no rule was accepted. */
  readonly words: readonly string[];
}

const ruleFile = 'rule.yml';

/** Parses and compiles the text of one file, and runs the tests given with it. */
export async function checkRule(
  text: string,
  tests: string | undefined,
  listFolders: readonly string[],
): Promise<RuleCheck> {
  const { lists } = await loadLists(listFolders);
  const parsed = parseRules(text, ruleFile);
  const { ruleSet, problems } = compileRules(parsed.documents, { lists, specs: Object.values(eventSpecs) });
  const run =
    tests === undefined || tests.trim() === ''
      ? { results: [], problems: [] }
      : runCaseFile({ file: 'rule.test.yml', text: tests, ruleFile }, ruleSet);
  const isEmpty = ruleSet.rules.length + ruleSet.correlations.length === 0;
  const words = isEmpty
    ? []
    : explainRules(ruleSet, '', () => true).flatMap(({ words: said }) => linesOf(said));
  return { problems: [...parsed.problems, ...problems, ...run.problems], cases: run.results, words };
}

function linesOf(
  words: string | { readonly condition: string; readonly selections: Readonly<Record<string, string>> },
): readonly string[] {
  if (typeof words === 'string') return [words];
  return [words.condition, ...Object.entries(words.selections).map(([name, said]) => `${name}: ${said}`)];
}
