import type {
  CompiledCorrelation,
  CompiledRule,
  Referred,
  RuleProblem,
  RuleSet,
} from '#shared/sigma/index.ts';
import { loadRules } from '../rules/load.ts';
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

/** The rules of these ids with all they refer to; those that are only referred to raise no alerts. */
export function narrowed(ruleSet: RuleSet, ids: ReadonlySet<string>): RuleSet {
  const kept = new Set<Referred>();
  const keep = (one: CompiledRule | CompiledCorrelation): void => {
    if (kept.has(one)) return;
    kept.add(one);
    if ('refers' in one) one.refers.forEach(keep);
  };
  const meant = [...ruleSet.rules, ...ruleSet.correlations].filter(({ rule }) => ids.has(rule.id));
  meant.forEach(keep);
  const silent = new Set(ruleSet.silent);
  for (const one of kept) if (!ids.has(one.rule.id)) silent.add(one);
  return {
    ...ruleSet,
    rules: ruleSet.rules.filter((one) => kept.has(one)),
    correlations: ruleSet.correlations.filter((one) => kept.has(one)),
    silent,
  };
}
