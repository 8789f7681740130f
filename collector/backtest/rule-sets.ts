import type { CompiledRule, RuleProblem, RuleSet } from '#shared/sigma/index.ts';
import { narrowed } from '../rules/narrow.ts';
import { loadSource, type RuleSource } from '../rules/rule-source.ts';

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
  const { ruleSet, problems } = await loadSource(candidate);
  const ids = new Set([...ruleSet.rules, ...ruleSet.correlations].map(({ rule }) => rule.id));
  const against = inForce === undefined ? undefined : narrowed((await loadSource(inForce)).ruleSet, ids);
  return {
    ...{ candidate: ruleSet, inForce: against, problems },
    all: [...ruleSet.rules, ...(against?.rules ?? [])],
  };
}
