import { compareDigits } from './dpkg.ts';

/** Compares versions by Semantic Versioning 2.0.0, clause 11. Missing numbers are 0, a `v` before them is nothing. */
export function compareSemver(a: string, b: string): number {
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  for (let i = 0; i < Math.max(coreA.length, coreB.length); i++) {
    const order = compareDigits(coreA[i] ?? '0', coreB[i] ?? '0');
    if (order !== 0) return order;
  }
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length;
  for (let i = 0; i < Math.max(preA.length, preB.length); i++) {
    const order = compareIdentifier(preA[i], preB[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function split(version: string): readonly [core: readonly string[], pre: readonly string[]] {
  const [plain = ''] = version.replace(/^[v=\s]+/, '').split('+');
  const dash = plain.indexOf('-');
  const core = (dash < 0 ? plain : plain.slice(0, dash)).split('.').map((one) => one.replace(/\D.*$/, ''));
  return [core, dash < 0 ? [] : plain.slice(dash + 1).split('.')];
}

function compareIdentifier(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const isNumber = /^\d+$/.test(a);
  if (isNumber !== /^\d+$/.test(b)) return isNumber ? -1 : 1;
  return isNumber ? compareDigits(a, b) : a < b ? -1 : 1;
}
