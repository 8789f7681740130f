import type { Value } from '../value.ts';

/**
 * A test asks something of one value of one field. Values come as text: numbers and booleans in decimal and as
 * `true` or `false`. An absent field never reaches a test; its predicate is false.
 */

/** A range of addresses; IPv4 as IPv4-mapped IPv6. */
export interface Network {
  readonly groups: Uint16Array;
  /** Leading bits that must agree, of 128. */
  readonly bits: number;
}

/**
 * How an index finds the values for which the test may hold, so that it need not be asked of every value.
 * Texts are folded. `sure` says that being found is enough; otherwise `holds` decides.
 */
export type IndexHint =
  /** The whole value is this. */
  | { readonly by: 'exact'; readonly text: string; readonly sure: boolean }
  /** At least one of these is in the value; where `at` says. */
  | {
      readonly by: 'literal';
      readonly texts: readonly string[];
      readonly at: 'start' | 'end' | 'anywhere';
      readonly sure: boolean;
    }
  /** The value is an address of this network; always sure. */
  | { readonly by: 'network'; readonly network: Network }
  /** Any value that is present. */
  | { readonly by: 'presence' }
  /** The field is there, whatever it holds, be it nothing; asked of the row and not of a value. */
  | { readonly by: 'existence' }
  /** Nothing known: ask of every value. */
  | { readonly by: 'scan' };

/** A value asks more of a test than a test may take: it counts as not holding, and whoever wrote the rule is told. */
export class ValueOverrun extends Error {}

export interface Test {
  /** Tests of equal keys are the same test. */
  readonly key: string;
  readonly hint: IndexHint;
  /** Groups of tests: whenever this one holds, so does at least one of each group. An index may look for those instead. */
  readonly needs?: readonly (readonly Test[])[];
  /** Throws ValueOverrun. */
  holds(value: Value): boolean;
}

/** Whether being found by an index is enough, so that `holds` is never asked. */
export function isSure(hint: IndexHint): boolean {
  if (hint.by === 'presence' || hint.by === 'network') return true;
  return (hint.by === 'exact' || hint.by === 'literal') && hint.sure;
}
