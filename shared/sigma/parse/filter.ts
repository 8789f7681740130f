import type { Logsource } from '../../schema/spec.ts';
import type { FilterRule, RuleHeader, RuleReference } from '../document.ts';
import type { ProblemSink } from '../problem.ts';
import { parseDetection } from './detection.ts';
import { entryOf, type MapTree, textOf } from './tree.ts';

/** Reads a filter document. Source: Sigma filters specification 2.1. */
export function parseFilter(
  tree: MapTree,
  header: RuleHeader,
  logsource: Logsource,
  problems: ProblemSink,
): FilterRule | undefined {
  const entry = entryOf(tree, 'filter');
  if (entry === undefined || entry.value.kind !== 'map')
    return problems.refuse('rule.invalid', entry?.keyPlace ?? tree, '`filter` is not a map.');
  const rules = parseReferences(entry.value, problems);
  const parsed = parseDetection(entry.value, problems, ['rules']);
  if (rules === undefined || parsed === undefined) return undefined;
  if (parsed.condition.op === 'not')
    problems.warn(
      'rule.discouraged',
      entryOf(entry.value, 'condition')?.value ?? entry.keyPlace,
      'The condition says what is excluded, so this filter leaves only events its selection matches; drop the `not` if it was written for tools that read it the other way round.',
    );
  return { kind: 'filter', ...header, logsource, rules, ...parsed };
}

/** `any`, or the ids and names of rules. */
function parseReferences(
  section: MapTree,
  problems: ProblemSink,
): readonly RuleReference[] | 'any' | undefined {
  const entry = entryOf(section, 'rules');
  if (entry === undefined) return problems.refuse('rule.invalid', section, 'The filter names no rules.');
  if (textOf(section, 'rules')?.toLowerCase() === 'any') return 'any';
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const rules: RuleReference[] = [];
  for (const item of items) {
    if (item.kind !== 'scalar' || item.value === null)
      return problems.refuse('rule.invalid', item, 'A rule of a filter is not named by an id or name.');
    rules.push({ to: String(item.value), place: item });
  }
  return rules.length > 0
    ? rules
    : problems.refuse('rule.invalid', entry.keyPlace, 'The filter names no rules.');
}
