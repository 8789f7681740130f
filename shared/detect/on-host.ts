import { eventSpecs } from '../events/registry.gen.ts';
import type { EventSpec } from '../schema/spec.ts';
import {
  type CompiledCorrelation,
  type CompiledRule,
  logsourceFits,
  type Referred,
  type RuleSet,
} from '../sigma/index.ts';

/** Findings are made by the collector. */
const specs: readonly EventSpec[] = Object.values<EventSpec>(eventSpecs).filter(
  ({ name }) => name !== 'finding',
);

/**
 * Whether a correlation counts within one host: every rule it refers to is grouped by `host.id`, and what it is chained
 * to likewise. One without counts over the fleet. One grouped by `host.name` is left to the collector, which may know a
 * host by another name than the host itself.
 */
export function isHostLocal(correlation: CompiledCorrelation): boolean {
  const { rule, refers, fieldOf } = correlation;
  return refers.every((referred, reference) => {
    const names = rule.groupBy.map((name) => fieldOf(reference, name));
    const isLocal = names.includes('host.id') && !names.includes('host.name');
    return isLocal && (!('refers' in referred) || isHostLocal(referred));
  });
}

/** Types of events that a rule may match on a host of this product. */
export function typesOf(
  { rule }: { readonly rule: Pick<CompiledRule['rule'], 'logsource'> },
  product: string,
): readonly string[] {
  return specs.filter((spec) => logsourceFits(rule.logsource, spec, product)).map(({ name }) => name);
}

/**
 * Of a rule set what can run on one host of this product: rules about events that such hosts send, and correlations
 * that count within a host. A rule that only serves correlations over the fleet is left out.
 */
export function onHost(ruleSet: RuleSet, product: string): RuleSet {
  const { silent, filters, inactive } = ruleSet;
  const correlations = ruleSet.correlations.filter(isHostLocal);
  const counted = new Set<Referred>(correlations.flatMap(({ refers }) => refers));
  const rules = ruleSet.rules.filter(
    (rule) => (!silent.has(rule) || counted.has(rule)) && typesOf(rule, product).length > 0,
  );
  return { rules, correlations, filters, silent, inactive };
}
