import { typesObserved } from '#shared/detect/detectors/observed-types.ts';
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
  /** Types of events that detectors of either of them look at. */
  readonly observed: ReadonlySet<string>;
}

export async function loadSets(
  candidate: RuleSource,
  inForce: RuleSource | undefined,
): Promise<BacktestRules> {
  const { ruleSet, problems } = await loadSource(candidate);
  const ids = new Set([...ruleSet.rules, ...ruleSet.correlations].map(({ rule }) => rule.id));
  const against = inForce === undefined ? undefined : narrowed((await loadSource(inForce)).ruleSet, ids);
  const all = [...ruleSet.rules, ...(against?.rules ?? [])];
  return {
    ...{ candidate: ruleSet, inForce: against, problems },
    all,
    observed: typesObserved(all),
  };
}
