import type { Ranges } from './syntax.ts';

export const maxUnit = 0xffff;

/** Sorted and joined. */
export function normalize(ranges: Ranges): Ranges {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = out.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

export function negate(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let next = 0;
  for (const [from, to] of normalize(ranges)) {
    if (from > next) out.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= maxUnit) out.push([next, maxUnit]);
  return out;
}

export function rangesOf(characters: string): Ranges {
  return normalize([...characters].map((c) => [c.charCodeAt(0), c.charCodeAt(0)]));
}

/** Classes of one letter, as ECMAScript defines them without the `u` flag. */
export const digits: Ranges = [[48, 57]];
export const wordUnits: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
export const spaces: Ranges = normalize([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
export const lineEnds: Ranges = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];

/** ECMAScript's Canonicalize without `u`: upper case when that is one unit and does not turn non-ASCII into ASCII. */
function canonical(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase();
  if (upper.length !== 1) return unit;
  const code = upper.charCodeAt(0);
  return unit >= 128 && code < 128 ? unit : code;
}

let families: ReadonlyMap<number, readonly number[]> | undefined;

/** All units that differ only in case, by each of them; made at the first need. */
function caseFamilies(): ReadonlyMap<number, readonly number[]> {
  if (families !== undefined) return families;
  const all = new Map<number, number[]>();
  for (let unit = 0; unit <= maxUnit; unit++) {
    const key = canonical(unit);
    if (key === unit) continue;
    const family = all.get(key) ?? [key];
    family.push(unit);
    all.set(key, family);
    all.set(unit, family);
  }
  families = all;
  return all;
}

/** With every unit that differs only in case. */
export function ignoreCase(ranges: Ranges): Ranges {
  const all = caseFamilies();
  const extra: [number, number][] = [];
  const add = (family: readonly number[] | undefined) => {
    for (const unit of family ?? []) extra.push([unit, unit]);
  };
  for (const [from, to] of ranges) {
    if (to - from < all.size) for (let unit = from; unit <= to; unit++) add(all.get(unit));
    else for (const [unit, family] of all) if (unit >= from && unit <= to) add(family);
  }
  return extra.length === 0 ? ranges : normalize([...ranges, ...extra]);
}
