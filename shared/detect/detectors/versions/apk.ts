import { compareDigits } from './dpkg.ts';

/** Suffixes in their order; nothing stands between `rc` and `cvs`. https://gitlab.alpinelinux.org/alpine/apk-tools doc/apk-package.5.scd */
const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];

/** Compares versions as apk does: numbers, a letter, suffixes such as `_rc1`, and the revision `-r2`. */
export function compareApk(a: string, b: string): number {
  const [baseA, suffixA, revisionA] = split(a);
  const [baseB, suffixB, revisionB] = split(b);
  const numbersA = baseA.match(/\d+|[a-z]/g) ?? [];
  const numbersB = baseB.match(/\d+|[a-z]/g) ?? [];
  for (let i = 0; i < Math.max(numbersA.length, numbersB.length); i++) {
    const order = compareNumber(numbersA[i], numbersB[i]);
    if (order !== 0) return order;
  }
  for (let i = 0; i < Math.max(suffixA.length, suffixB.length); i++) {
    const order = compareSuffix(suffixA[i] ?? '', suffixB[i] ?? '');
    if (order !== 0) return order;
  }
  return revisionA - revisionB;
}

function split(version: string): readonly [base: string, suffixes: readonly string[], revision: number] {
  const [, body = version, revision = '0'] = /^(.*?)(?:-r(\d+))?$/.exec(version) ?? [];
  const [base = '', ...rest] = body.split('_');
  return [base, rest, Number(revision)];
}

function compareNumber(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const isNumber = /^\d/.test(a);
  if (isNumber !== /^\d/.test(b)) return isNumber ? 1 : -1;
  return isNumber ? compareDigits(a, b) : a < b ? -1 : 1;
}

function compareSuffix(a: string, b: string): number {
  const [, nameA = '', numberA = ''] = /^([a-z]*)(\d*)/.exec(a) ?? [];
  const [, nameB = '', numberB = ''] = /^([a-z]*)(\d*)/.exec(b) ?? [];
  return suffixes.indexOf(nameA) - suffixes.indexOf(nameB) || compareDigits(numberA, numberB);
}
