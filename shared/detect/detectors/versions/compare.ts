import { compareApk } from './apk.ts';
import { compareDpkg } from './dpkg.ts';
import { comparePep440 } from './pep440.ts';
import { compareRpm } from './rpm.ts';
import { compareSemver } from './semver.ts';

export type Compare = (a: string, b: string) => number;

const byType: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['deb', compareDpkg],
  ['rpm', compareRpm],
  ['apk', compareApk],
  ['npm', compareSemver],
  ['pip', comparePep440],
]);

/** How versions of packages of this type are ordered; undefined of a type whose order is not known here. */
export function compareOf(type: string): Compare | undefined {
  return byType.get(type);
}
