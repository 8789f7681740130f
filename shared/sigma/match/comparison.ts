import type { FieldComparison } from '../compile/predicate.ts';
import type { Value } from '../value.ts';

/** Whether some value of one field fits some value of the other. */
export function agree(
  values: readonly Value[],
  others: readonly Value[],
  { cased, before, after }: FieldComparison,
): boolean {
  const fits = (a: string, b: string) => {
    if (before && after) return a.includes(b);
    if (before) return a.endsWith(b);
    return after ? a.startsWith(b) : a === b;
  };
  return values.some((a) => others.some((b) => (cased ? fits(a.text, b.text) : fits(a.folded, b.folded))));
}
