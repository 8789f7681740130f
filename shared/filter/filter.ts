/**
 * A filter over events as people write it (docs/searching.md), read: plain data, so that it can go to another thread.
 * A field that an event does not have fails every test of it; `not` makes that true.
 */
import type { Pattern } from '../sigma/pattern.ts';
import type { Network } from './address.ts';

/** What is asked of one value of a field. */
export type ValueTest =
  | { readonly is: 'present' }
  /** Exactly this text, which is what indexes know best. */
  | { readonly is: 'exact'; readonly text: string }
  /** The whole text, folded as `foldText` does; of whole numbers their decimal text. */
  | { readonly is: 'like'; readonly pattern: Pattern }
  /** Of numbers, and of texts that are decimal numbers. Instants are microseconds since the epoch. */
  | { readonly is: 'between'; readonly low: Bound | null; readonly high: Bound | null }
  | { readonly is: 'within'; readonly network: Network }
  | { readonly is: 'bool'; readonly value: boolean };

export interface Bound {
  readonly value: number;
  readonly isInclusive: boolean;
}

export type Leaf =
  /** `name` is an ECS name, an alias of Sigma's, or `timeName`. */
  | { readonly kind: 'field'; readonly name: string; readonly test: ValueTest }
  /** In some text or list of texts of the event; folded. */
  | { readonly kind: 'words'; readonly pattern: Pattern }
  | { readonly kind: 'types'; readonly types: readonly string[] }
  /** By name or id; a `*` or `?` in it stands for others. Must be made `hosts` before anything is searched. */
  | { readonly kind: 'host'; readonly pattern: string }
  | { readonly kind: 'hosts'; readonly ids: readonly string[] };

export type Filter =
  | Leaf
  | { readonly kind: 'all'; readonly of: readonly Filter[] }
  | { readonly kind: 'any'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter };

/** The field that stands for the time of the event. */
export const timeName = 'time';

export const everything: Filter = { kind: 'all', of: [] };

/** How the parts of a filter are put together; a constant never reaches these. */
export interface Combination<T> {
  readonly leaf: (leaf: Leaf) => T | boolean;
  readonly all: (parts: readonly T[]) => T;
  readonly any: (parts: readonly T[]) => T;
  readonly not: (part: T) => T;
}

/** Makes one thing of a filter from its leaves on, what is always or never true left out. */
export function combine<T>(filter: Filter, how: Combination<T>): T | boolean {
  switch (filter.kind) {
    case 'not': {
      const part = combine(filter.of, how);
      return typeof part === 'boolean' ? !part : how.not(part);
    }
    case 'all':
    case 'any': {
      // Of `all` a false part decides, of `any` a true one.
      const decisive = filter.kind === 'any';
      const parts: T[] = [];
      for (const of of filter.of) {
        const part = combine(of, how);
        if (part === decisive) return decisive;
        if (typeof part !== 'boolean') parts.push(part);
      }
      const [only] = parts;
      if (only === undefined) return !decisive;
      return parts.length === 1 ? only : how[filter.kind](parts);
    }
    default:
      return how.leaf(filter);
  }
}

/** The same filter with some of its leaves put differently. */
export function withLeaves(filter: Filter, change: (leaf: Leaf) => Filter): Filter {
  switch (filter.kind) {
    case 'not':
      return { kind: 'not', of: withLeaves(filter.of, change) };
    case 'all':
    case 'any':
      return { kind: filter.kind, of: filter.of.map((of) => withLeaves(of, change)) };
    default:
      return change(filter);
  }
}

/** All of these must hold. */
export function allOf(...filters: readonly (Filter | undefined)[]): Filter {
  const given = filters.filter((filter) => filter !== undefined);
  return given.length === 1 ? (given[0] as Filter) : { kind: 'all', of: given };
}
