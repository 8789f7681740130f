import type { Scalar } from '../document.ts';

export const comparisonNames = ['eq', 'ne', 'gte', 'gt', 'lte', 'lt'] as const;
export type ComparisonName = (typeof comparisonNames)[number];

/** Compares two values in the order of their kind: numbers as numbers, all else as text. */
export function compareScalars(op: ComparisonName, a: Scalar, b: Scalar): boolean {
  if (op === 'eq') return a === b;
  if (op === 'ne') return a !== b;
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : a === b ? 0 : 1;
  if (op === 'gte') return order >= 0;
  if (op === 'gt') return order > 0;
  return op === 'lte' ? order <= 0 : order < 0;
}
