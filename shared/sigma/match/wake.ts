import type { IndexHint } from '../value-tests/test.ts';
import type { Bound } from './bind.ts';

/** Slots of which at least one holds whenever the condition does, and how often they are expected to. */
export interface Wakers {
  readonly slots: readonly number[];
  readonly cost: number;
}

/** Expected frequency of a slot, in any unit. */
export type CostOf = (bound: Bound & { readonly op: 'slot' }) => number;

/**
 * The cheapest set of slots that must be seen for the condition to hold; undefined when it may hold without any (as
 * with `not` alone), so that the rule is asked of every event.
 */
export function wakersOf(bound: Bound, costOf: CostOf = expectedCost): Wakers | undefined {
  switch (bound.op) {
    case 'constant':
      return bound.value ? undefined : { slots: [], cost: 0 };
    case 'slot':
      return { slots: [bound.slot], cost: costOf(bound) };
    case 'not':
    case 'compare-fields':
      return undefined;
    case 'at-least':
      return wakersOfParts(bound.of, bound.least, costOf);
  }
}

/** When `least` of n parts hold, at least one of any n - least + 1 parts does: take the cheapest that many. */
function wakersOfParts(parts: readonly Bound[], least: number, costOf: CostOf): Wakers | undefined {
  const wakers = parts.flatMap((part) => wakersOf(part, costOf) ?? []).sort((a, b) => a.cost - b.cost);
  const needed = parts.length - least + 1;
  if (wakers.length < needed) return undefined;
  const chosen = wakers.slice(0, needed);
  return {
    slots: chosen.flatMap((w) => w.slots),
    cost: chosen.reduce((sum, w) => sum + w.cost, 0),
  };
}

/** Rough relative frequency before anything was seen: longer texts are rarer, presence is everywhere. */
export const expectedCost: CostOf = ({ predicate: { test } }) => costOfHint(test.hint);

function costOfHint(hint: IndexHint): number {
  switch (hint.by) {
    case 'exact':
      return 4 + 20 / (1 + hint.text.length);
    case 'literal':
      return hint.texts.reduce((sum, text) => sum + 60 / (1 + text.length), 0);
    case 'network':
      return 10;
    case 'scan':
      return 200;
    case 'presence':
      return 1_000;
  }
}
