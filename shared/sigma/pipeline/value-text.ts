import type { Item, ItemValue, Scalar } from '../document.ts';
import { joinPattern, type Pattern, parsePattern, plainText, writePattern } from '../pattern.ts';

/** Whether text may stand before and after. */
const affixes: ReadonlyMap<string, readonly [boolean, boolean]> = new Map([
  ['contains', [true, true]],
  ['startswith', [false, true]],
  ['endswith', [true, false]],
]);

/** Modifiers after which a value is no Sigma string: transformations of strings leave such items alone. */
const notStrings: ReadonlySet<string> = new Set([
  ...['re', 'cidr', 'fieldref', 'exists', 'lt', 'lte', 'gt', 'gte'],
  ...['minute', 'hour', 'day', 'week', 'month', 'year'],
]);

/** What affixes cannot be written into as wildcards: an encoding comes between. */
const encodings: ReadonlySet<string> = new Set([
  ...['base64', 'base64offset', 'utf16', 'utf16le', 'utf16be', 'wide'],
]);

/** Whether the values of an item are Sigma strings, as pipelines see them. */
export function hasStrings(item: Item): boolean {
  return !item.modifiers.some((name) => notStrings.has(name));
}

/**
 * A value as pipelines see it: plain text with live wildcards, those of `contains`, `startswith` and `endswith`
 * included. Values that an encoding follows are seen as they are before it.
 */
export function textOfValue(item: Item, value: Scalar): string {
  return plainText(patternOf(item, value));
}

/** The Sigma string of a value, affixes as wildcards. */
export function patternOf(item: Item, value: Scalar): Pattern {
  const pattern = typeof value === 'string' ? parsePattern(value) : [String(value)];
  if (item.modifiers.some((name) => encodings.has(name))) return pattern;
  const sides = item.modifiers.flatMap((name) => {
    const side = affixes.get(name);
    return side === undefined ? [] : [side];
  });
  return joinPattern(
    pattern,
    sides.some(([before]) => before),
    sides.some(([, after]) => after),
  );
}

/**
 * The item with its strings rewritten; undefined when none is. `rewrite` gives the patterns a value becomes, or
 * undefined to leave it. Affix modifiers of a rewritten item are written out as wildcards, so that what a rewrite
 * says of the ends of a value holds.
 */
export function rewriteStrings(
  item: Item,
  rewrite: (pattern: Pattern, value: Scalar) => readonly Pattern[] | undefined,
): Item | undefined {
  if (!hasStrings(item)) return undefined;
  const rewritten = item.values.map(({ value }) =>
    value === null ? undefined : rewrite(patternOf(item, value), value),
  );
  if (rewritten.every((patterns) => patterns === undefined)) return undefined;
  const encoded = item.modifiers.some((name) => encodings.has(name));
  const modifiers = encoded ? item.modifiers : item.modifiers.filter((name) => !affixes.has(name));
  const values = item.values.flatMap(({ value, place }, at): readonly ItemValue[] => {
    const patterns = rewritten[at] ?? (value === null ? undefined : [patternOf(item, value)]);
    return patterns?.map((pattern) => ({ value: writePattern(pattern), place })) ?? [{ value, place }];
  });
  return { ...item, modifiers, values };
}
