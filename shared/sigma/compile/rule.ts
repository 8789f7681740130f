import type { Condition, DetectionRule, FilterRule, Search } from '../document.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import { compileItem, type ValueLists } from './item.ts';
import type { Bool } from './predicate.ts';

/** A rule whose values and modifiers are worked out; fields are still as the rule names them. */
export interface CompiledRule {
  readonly rule: DetectionRule;
  readonly condition: Bool;
}

/** Predicates one rule may have, placeholders written out. */
export const predicateBound = 200_000;

/** Compiles one rule. Never throws on a bad rule: gives its problems instead. */
export function compileRule(
  rule: DetectionRule,
  lists: ValueLists,
): { readonly compiled: CompiledRule | undefined; readonly problems: readonly RuleProblem[] } {
  const problems = new ProblemSink(rule.file);
  const condition = compileDetection(rule, lists, problems);
  return {
    compiled: condition === undefined ? undefined : { rule, condition },
    problems: problems.problems,
  };
}

/** The condition of a rule or filter over predicates; undefined and problems when it cannot be had. */
export function compileDetection(
  rule: DetectionRule | FilterRule,
  lists: ValueLists,
  problems: ProblemSink,
): Bool | undefined {
  const selections = new Map<string, Bool>();
  for (const [name, search] of rule.searches) {
    const bool = compileSearch(search, name, lists, problems);
    if (bool !== undefined) selections.set(name, bool);
  }
  if (problems.errorCount > 0) return undefined;
  const condition = compileCondition(rule.condition, selections);
  if (!isTooLarge(condition)) return condition;
  return problems.refuse(
    'rule.too_large',
    rule.place,
    `The rule comes to more than ${predicateBound} tests.`,
  );
}

export function isTooLarge(condition: Bool): boolean {
  return countPredicates(condition, predicateBound) > predicateBound;
}

function compileSearch(
  search: Search,
  name: string,
  lists: ValueLists,
  problems: ProblemSink,
): Bool | undefined {
  if (search.kind === 'item') return compileItem(search.item, name, lists, problems);
  const of = search.of.flatMap((part) => compileSearch(part, name, lists, problems) ?? []);
  return { op: search.kind === 'all' ? 'and' : 'or', of };
}

function compileCondition(condition: Condition, selections: ReadonlyMap<string, Bool>): Bool {
  switch (condition.op) {
    case 'selection':
      return selections.get(condition.name)!;
    case 'not':
      return { op: 'not', of: compileCondition(condition.of, selections) };
    default:
      return { ...condition, of: condition.of.map((part) => compileCondition(part, selections)) };
  }
}

/** Stops counting once past `most`. */
function countPredicates(bool: Bool, most: number): number {
  if (bool.op === 'predicate' || bool.op === 'compare-fields') return 1;
  const parts = bool.op === 'not' ? [bool.of] : bool.of;
  let count = 0;
  for (const part of parts) {
    count += countPredicates(part, most - count);
    if (count > most) break;
  }
  return count;
}
