import { compareDigits } from './dpkg.ts';

/**
 * Compares versions as rpm does (rpm-version(7)): epoch, version, release; runs of digits and of letters one by one,
 * digits above letters, `~` before everything and `^` after the end but before anything else. Other signs only part.
 */
export function compareRpm(a: string, b: string): number {
  const [epochA, versionA, releaseA] = split(a);
  const [epochB, versionB, releaseB] = split(b);
  const order = epochA - epochB || compareParts(versionA, versionB);
  // What names no release is about all of them.
  return order || (releaseA === '' || releaseB === '' ? 0 : compareParts(releaseA, releaseB));
}

function split(text: string): readonly [epoch: number, version: string, release: string] {
  const colon = text.indexOf(':');
  const epoch = colon < 0 ? 0 : Number.parseInt(text.slice(0, colon), 10) || 0;
  const rest = text.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return dash < 0 ? [epoch, rest, ''] : [epoch, rest.slice(0, dash), rest.slice(dash + 1)];
}

function compareParts(a: string, b: string): number {
  const partsA = a.match(/\d+|[a-z]+|~|\^/gi) ?? [];
  const partsB = b.match(/\d+|[a-z]+|~|\^/gi) ?? [];
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const order = comparePart(partsA[i], partsB[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Undefined is the end. */
function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === '~' || b === '~') return a === '~' ? -1 : 1;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (a === '^' || b === '^') return a === '^' ? -1 : 1;
  const isNumberA = /^\d/.test(a);
  if (isNumberA !== /^\d/.test(b)) return isNumberA ? 1 : -1;
  if (isNumberA) return compareDigits(a, b);
  return a < b ? -1 : 1;
}
