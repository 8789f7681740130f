import type { CompiledCorrelation, CompiledRule, Referred, RuleSet } from '#shared/sigma/index.ts';

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
