import type { Advisory, AdvisoryIndex } from '../contract.ts';
import { type Compare, compareOf } from '../versions/compare.ts';
import { canonicalName } from './osv.ts';
import type { AdvisoryRecord } from './record.ts';

/**
 * Advisories by package. A package is looked up by the name of its own; distributions name advisories by source
 * package, which most have in common with one of their packages. Where an advisory is about several releases of a
 * distribution and nothing says which one the host runs, only what all of them hold vulnerable counts.
 */
export function indexOfRecords(records: Iterable<AdvisoryRecord>, revision: number): AdvisoryIndex {
  const byPackage = new Map<string, AdvisoryRecord[]>();
  const share = sharing();
  for (const read of records) {
    const record = share(read);
    const key = `${record.type} ${record.name}`;
    const known = byPackage.get(key);
    if (known === undefined) byPackage.set(key, [record]);
    else known.push(record);
  }
  return {
    revision,
    matching(type, name, version) {
      const known = byPackage.get(`${type} ${canonicalName(type, name)}`);
      const compare = compareOf(type);
      return known === undefined || compare === undefined ? [] : matchingOf(known, version, compare);
    },
  };
}

/** Gives records that share the texts they have in common: one advisory is often about many packages and releases. */
function sharing(): (record: AdvisoryRecord) => AdvisoryRecord {
  const texts = new Map<string, string>();
  let last = '';
  const one = (text: string) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  return (record) => {
    // Records of one advisory come one after another, and hardly any other has its words.
    if (record.id !== last) texts.delete(last);
    last = record.id;
    return {
      ...record,
      ...{ id: one(record.id), summary: one(record.summary), name: one(record.name) },
      ...(record.release !== undefined && { release: one(record.release) }),
    };
  };
}

function matchingOf(
  records: readonly AdvisoryRecord[],
  version: string,
  compare: Compare,
): readonly Advisory[] {
  const distribution = distributionOf(version);
  const found: Advisory[] = [];
  for (const [id, all] of Map.groupBy(records, (record) => record.id)) {
    const own = all.filter(({ release }) => release === undefined || release.startsWith(distribution.name));
    const exact = own.filter(
      ({ release }) => distribution.release !== undefined && release === distribution.release,
    );
    const meant = exact.length > 0 ? exact : own;
    const held = meant.filter((record) => isAffected(record, version, compare));
    if (meant.length === 0 || held.length < meant.length) continue;
    const [first] = held;
    const { summary, severity, score, malicious } = first!;
    const fixed = held.flatMap((record) => fixedFor(record, version, compare) ?? [])[0];
    found.push({
      ...{ id, summary, isMalicious: malicious === true },
      ...(severity !== undefined && { severity }),
      ...(score !== undefined && { score }),
      ...(fixed !== undefined && { fixed }),
    });
  }
  return found;
}

/** What the version of a package says of the distribution it is of. */
function distributionOf(version: string): { readonly name: string; readonly release?: string } {
  const debian = /(?:\+|~)deb(\d+)u\d+/.exec(version)?.[1];
  if (debian !== undefined) return { name: 'Debian', release: `Debian:${debian}` };
  if (/ubuntu/.test(version)) return { name: 'Ubuntu' };
  return { name: '' };
}

function isAffected({ ranges, versions }: AdvisoryRecord, version: string, compare: Compare): boolean {
  if (versions?.includes(version)) return true;
  return ranges.some((range) => isWithin(range, version, compare));
}

function isWithin(
  { introduced, fixed, last }: AdvisoryRecord['ranges'][number],
  version: string,
  compare: Compare,
): boolean {
  if (introduced !== '0' && compare(version, introduced) < 0) return false;
  if (fixed !== undefined) return compare(version, fixed) < 0;
  return last === undefined || compare(version, last) <= 0;
}

function fixedFor({ ranges }: AdvisoryRecord, version: string, compare: Compare): string | undefined {
  return ranges.find((range) => isWithin(range, version, compare))?.fixed;
}
