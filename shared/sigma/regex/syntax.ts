/** The tree of a regular expression. Sets are sorted, disjoint pairs [from, to] of UTF-16 units. */
export type Ranges = readonly (readonly [number, number])[];
export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'not-word';

export type Regex =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Regex[] }
  /** `max` is Infinity where unbounded; `lazy` matters only to what groups take. */
  | {
      readonly kind: 'repeat';
      readonly of: Regex;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  /** A group whose text is wanted; made only when asked for. Counted from 1. */
  | { readonly kind: 'capture'; readonly of: Regex; readonly index: number; readonly name: string | null }
  | { readonly kind: 'assert'; readonly what: Assertion };

export interface RegexFlags {
  /** Case-insensitive. */
  readonly i: boolean;
  /** `^` and `$` at line ends. */
  readonly m: boolean;
  /** `.` takes line ends. */
  readonly s: boolean;
}

export const noFlags: RegexFlags = { i: false, m: false, s: false };
