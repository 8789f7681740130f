import type { FilterRule, RuleReference } from '../document.ts';
import { fallsUnder, logsourceKey } from '../logsource.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import type { ValueLists } from './item.ts';
import type { Bool } from './predicate.ts';
import { type CompiledRule, compileDetection, isTooLarge, predicateBound } from './rule.ts';

/** A filter with the rules it was put upon. */
export interface AppliedFilter {
  readonly filter: FilterRule;
  /** Ids of rules. */
  readonly to: readonly string[];
}

export interface Filtered {
  readonly rules: readonly CompiledRule[];
  readonly applied: readonly AppliedFilter[];
  readonly refused: readonly { readonly filter: FilterRule; readonly problems: readonly RuleProblem[] }[];
  readonly warnings: readonly RuleProblem[];
}

/**
 * Puts filters upon rules: such a rule matches where the filter's condition does not hold. That the condition says
 * what is left out follows the example of the filters specification; it is silent on it otherwise. `isCorrelation`
 * tells references to correlations, which are not filtered. A bad filter leaves the rules as they were.
 */
export function applyFilters(
  rules: readonly CompiledRule[],
  filters: readonly FilterRule[],
  lists: ValueLists,
  isCorrelation: (reference: string) => boolean,
): Filtered {
  const current = new Map(rules.map((compiled) => [compiled.rule.id, compiled]));
  const applied: AppliedFilter[] = [];
  const refused: { filter: FilterRule; problems: readonly RuleProblem[] }[] = [];
  const warnings: RuleProblem[] = [];
  for (const filter of filters) {
    const problems = new ProblemSink(filter.file);
    const excluded = compileVariants(filter, lists, problems);
    if (excluded === undefined) refused.push({ filter, problems: problems.problems });
    else {
      const targets = targetsOf(filter, [...current.values()], isCorrelation, problems);
      for (const target of targets) exclude(target, excluded(target), filter, current, problems);
      applied.push({ filter, to: targets.map(({ rule }) => rule.id) });
      warnings.push(...problems.problems);
    }
  }
  return { rules: [...current.values()], applied, refused, warnings };
}

/** What a filter excludes of each rule, by what pipelines made of it for the rule's logsource. */
function compileVariants(
  filter: FilterRule,
  lists: ValueLists,
  problems: ProblemSink,
): ((target: CompiledRule) => Bool) | undefined {
  const compiled = new Map<string, Bool>();
  for (const [key, variant] of filter.variants ?? []) {
    const bool = compileDetection({ ...filter, ...variant }, lists, problems);
    if (bool === undefined) return undefined;
    compiled.set(key, bool);
  }
  const own = compileDetection(filter, lists, problems);
  if (own === undefined) return undefined;
  return ({ rule }) => {
    const key = logsourceKey(rule.writtenLogsource ?? rule.logsource);
    return (rule.piped === true ? compiled.get(key) : undefined) ?? own;
  };
}

function exclude(
  target: CompiledRule,
  excluded: Bool,
  filter: FilterRule,
  current: Map<string, CompiledRule>,
  problems: ProblemSink,
): void {
  const condition: Bool = { op: 'and', of: [target.condition, { op: 'not', of: excluded }] };
  if (isTooLarge(condition))
    problems.warn(
      'rule.too_large',
      filter.place,
      `With this filter \`${target.rule.title}\` would come to more than ${predicateBound} tests; it stays without.`,
    );
  else current.set(target.rule.id, { ...target, condition });
}

/** The rules a filter is for. References that come to nothing are warned of. */
function targetsOf(
  filter: FilterRule,
  rules: readonly CompiledRule[],
  isCorrelation: (reference: string) => boolean,
  problems: ProblemSink,
): readonly CompiledRule[] {
  const fits = ({ rule }: CompiledRule) =>
    fallsUnder(rule.writtenLogsource ?? rule.logsource, filter.logsource);
  if (filter.rules === 'any') return rules.filter(fits);
  const targets = new Set<CompiledRule>();
  for (const reference of filter.rules) {
    const named = rules.filter(({ rule }) => rule.id === reference.to || rule.name === reference.to);
    const fitting = named.filter(fits);
    for (const target of fitting) targets.add(target);
    if (fitting.length === 0) warnOf(reference, named.length > 0, isCorrelation(reference.to), problems);
  }
  return [...targets];
}

function warnOf(
  { to, place }: RuleReference,
  isRule: boolean,
  isCorrelation: boolean,
  problems: ProblemSink,
): void {
  const why = isRule
    ? `The logsource of rule \`${to}\` does not fall under the filter's; it is not filtered.`
    : isCorrelation
      ? `\`${to}\` is a correlation; filter the rules it refers to.`
      : `No accepted rule has the id or name \`${to}\`.`;
  problems.warn('rule.reference_unknown', place, why);
}
