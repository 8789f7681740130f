import type { Scalar } from '../document.ts';
import type { Place } from '../problem.ts';

export interface ScalarTree extends Place {
  readonly kind: 'scalar';
  readonly value: Scalar;
}
export interface ListTree extends Place {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}
export interface MapEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: Tree;
}
export interface MapTree extends Place {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
/** A YAML node as plain data with its place; aliases are followed. */
export type Tree = ScalarTree | ListTree | MapTree;

/** The value of a key of a map. */
export function entryOf(map: MapTree, key: string): MapEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** The text under a key; undefined where there is none or it is no scalar. Numbers and dates come as text. */
export function textOf(map: MapTree, key: string): string | undefined {
  const value = entryOf(map, key)?.value;
  return value?.kind === 'scalar' && value.value !== null ? String(value.value) : undefined;
}

/** The texts under a key, be it one or a list. */
export function textsOf(map: MapTree, key: string): readonly string[] {
  const value = entryOf(map, key)?.value;
  if (value === undefined) return [];
  const items = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => (item.kind === 'scalar' && item.value !== null ? [String(item.value)] : []));
}
