import type { CompiledRule, RuleProblem, RuleSet } from '#shared/sigma/index.ts';
import { loadRules } from '../rules/load.ts';
import { narrowed } from '../rules/narrow.ts';
import type { RuleSource } from './contract.ts';

export interface BacktestRules {
  readonly candidate: RuleSet;
  /** Of what is in force the rules that the candidate would take the place of. */
  readonly inForce: RuleSet | undefined;
  readonly problems: readonly RuleProblem[];
  /** All rules either of them needs. */
  readonly all: readonly CompiledRule[];
}

export async function loadSets(
  candidate: RuleSource,
  inForce: RuleSource | undefined,
): Promise<BacktestRules> {
  const load = ({ rulePaths, listPaths, uses }: RuleSource) => loadRules(rulePaths, listPaths, uses);
  const { ruleSet, problems } = await load(candidate);
  const ids = new Set([...ruleSet.rules, ...ruleSet.correlations].map(({ rule }) => rule.id));
  const against = inForce === undefined ? undefined : narrowed((await load(inForce)).ruleSet, ids);
  return {
    ...{ candidate: ruleSet, inForce: against, problems },
    all: [...ruleSet.rules, ...(against?.rules ?? [])],
  };
}
