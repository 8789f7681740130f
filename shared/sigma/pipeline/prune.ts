import type { Condition, Search } from '../document.ts';

/** Whether dropping items left nothing of a search. */
export function isEmpty(search: Search): boolean {
  return search.kind !== 'item' && search.of.every(isEmpty);
}

/** A condition without the selections that are gone, and without what stood only for them; undefined when all are. */
export function pruneCondition(
  condition: Condition,
  isThere: (name: string) => boolean,
): Condition | undefined {
  switch (condition.op) {
    case 'selection':
      return isThere(condition.name) ? condition : undefined;
    case 'not': {
      const of = pruneCondition(condition.of, isThere);
      return of === undefined ? undefined : { op: 'not', of };
    }
    default: {
      const of = condition.of.flatMap((part) => pruneCondition(part, isThere) ?? []);
      if (of.length === 0) return undefined;
      if (condition.op !== 'at-least') return { op: condition.op, of };
      return { op: 'at-least', least: Math.min(condition.least, of.length), of };
    }
  }
}
