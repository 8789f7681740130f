/** A document as rules see it: values as text by dotted name. Lists are several values of one name, null is none. */
export type FlatEvent = ReadonlyMap<string, readonly string[]>;

/** Values of one document, and how deep it may nest. */
export const flatBounds = { values: 16_384, depth: 128 } as const;

/**
 * Flattens a parsed document. Maps nest by dots, spaces in names are taken out, maps in lists count as if each stood
 * alone, so that their values gather under one name. Numbers and booleans become text; what is `null` or an empty list is
 * there without a value. Undefined when it goes beyond a bound.
 */
export function flatten(document: object): FlatEvent | undefined {
  const flat = new Map<string, string[]>();
  let left: number = flatBounds.values;
  const take = (name: string, value: unknown, depth: number): void => {
    if (depth > flatBounds.depth) left = 0;
    if (left <= 0) return;
    if (value === null || (Array.isArray(value) && value.length === 0)) {
      left--;
      if (!flat.has(name)) flat.set(name, []);
    } else if (Array.isArray(value)) for (const entry of value) take(name, entry, depth + 1);
    else if (typeof value === 'object') {
      const prefix = name === '' ? '' : `${name}.`;
      for (const key of Object.keys(value))
        take(prefix + withoutSpaces(key), (value as Readonly<Record<string, unknown>>)[key], depth + 1);
    } else {
      left--;
      const texts = flat.get(name);
      if (texts === undefined) flat.set(name, [String(value)]);
      else texts.push(String(value));
    }
  };
  take('', document, 0);
  return left <= 0 ? undefined : flat;
}

function withoutSpaces(name: string): string {
  return name.includes(' ') ? name.replaceAll(' ', '') : name;
}
