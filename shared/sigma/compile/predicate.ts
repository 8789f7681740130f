import type { Test } from '../value-tests/test.ts';

/** A leaf of a compiled condition: a test on a field, with what to say of it when it held. */
export interface Predicate {
  /** As the rule names it; null means any field. */
  readonly field: string | null;
  readonly test: Test;
  readonly selection: string;
  /** What the rule says, e.g. `endswith '/nc'`. */
  readonly text: string;
}

/** A test of one field's value against another's. Kept apart from tests: it needs the whole event. */
export interface FieldComparison {
  readonly field: string;
  readonly other: string;
  /** Whether text may stand before or after the other's value. */
  readonly before: boolean;
  readonly after: boolean;
  readonly cased: boolean;
  readonly selection: string;
  readonly text: string;
}

/** A condition over predicates. An absent field makes its predicate false. */
export type Bool =
  | { readonly op: 'and' | 'or'; readonly of: readonly Bool[] }
  | { readonly op: 'not'; readonly of: Bool }
  | { readonly op: 'at-least'; readonly least: number; readonly of: readonly Bool[] }
  | { readonly op: 'predicate'; readonly predicate: Predicate }
  | { readonly op: 'compare-fields'; readonly comparison: FieldComparison };
