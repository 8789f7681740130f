import type { Scalar } from '../document.ts';
import type { Test } from '../value-tests/test.ts';

/** What a rule says in one value of an item. */
export interface Saying {
  readonly selection: string;
  /** As the rule has them. */
  readonly modifiers: readonly string[];
  /** The modifiers in short, e.g. `endswith`. */
  readonly how: string;
  /** Undefined where `how` says all. */
  readonly value: Scalar | undefined;
}

/** A leaf of a compiled condition: a test on a field, with what to say of it when it held. */
export class Predicate {
  /** As the rule names it; null means any field. */
  readonly field: string | null;
  readonly test: Test;
  readonly #saying: Saying;

  constructor(field: string | null, test: Test, saying: Saying) {
    this.field = field;
    this.test = test;
    this.#saying = saying;
  }

  get selection(): string {
    return this.#saying.selection;
  }

  get modifiers(): readonly string[] {
    return this.#saying.modifiers;
  }

  /** What the rule says, e.g. `endswith '/nc'`. */
  get text(): string {
    return textOf(this.#saying);
  }

  /** Another test for the same saying. */
  with(test: Test): Predicate {
    return new Predicate(this.field, test, this.#saying);
  }
}

export function textOf({ how, value }: Saying): string {
  if (value === undefined) return how;
  return value === null ? `${how} null` : `${how} '${String(value)}'`;
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
  readonly modifiers: readonly string[];
  readonly text: string;
}

/** A condition over predicates. An absent field makes its predicate false. */
export type Bool =
  | { readonly op: 'and' | 'or'; readonly of: readonly Bool[] }
  | { readonly op: 'not'; readonly of: Bool }
  | { readonly op: 'at-least'; readonly least: number; readonly of: readonly Bool[] }
  | { readonly op: 'predicate'; readonly predicate: Predicate }
  | { readonly op: 'compare-fields'; readonly comparison: FieldComparison };
