import { cvssBaseScore, severityOf } from './cvss.ts';
import { type AdvisoryRange, type AdvisoryRecord, advisoryBounds } from './record.ts';

/** Ecosystems of OSV by the type that package events have. https://ossf.github.io/osv-schema/#defined-ecosystems */
const ecosystems: Readonly<Record<string, string>> = {
  Debian: 'deb',
  Ubuntu: 'deb',
  Alpine: 'apk',
  npm: 'npm',
  PyPI: 'pip',
  'Red Hat': 'rpm',
  'Rocky Linux': 'rpm',
  AlmaLinux: 'rpm',
  openSUSE: 'rpm',
  SUSE: 'rpm',
};

type Json = Readonly<Record<string, unknown>>;

/**
 * The records of one advisory in OSV's form (https://ossf.github.io/osv-schema/, 1.x): one for each package of an
 * ecosystem that hosts have packages of. None where it was withdrawn. Undefined of what is no advisory.
 */
export function recordsOfOsv(value: unknown): readonly AdvisoryRecord[] | undefined {
  const osv = asObject(value);
  const id = osv?.['id'];
  if (osv === undefined || typeof id !== 'string' || id === '' || id.length > 128) return undefined;
  if (!Array.isArray(osv['affected'])) return osv['affected'] === undefined ? [] : undefined;
  if (osv['withdrawn'] !== undefined) return [];
  return osv['affected'].flatMap((one: unknown) => recordOf(id, osv, asObject(one)) ?? []);
}

function recordOf(id: string, osv: Json, affected: Json | undefined): AdvisoryRecord | undefined {
  const named = asObject(affected?.['package']);
  const ecosystem = named?.['ecosystem'];
  const name = named?.['name'];
  if (affected === undefined || typeof ecosystem !== 'string' || typeof name !== 'string') return undefined;
  const [distribution = ''] = ecosystem.split(':');
  const type = Object.hasOwn(ecosystems, distribution) ? ecosystems[distribution] : undefined;
  if (type === undefined || name === '' || name.length > 256) return undefined;
  const ranges = asList(affected['ranges']).flatMap(rangesOf).slice(0, advisoryBounds.rangesPerRecord);
  const listed = asList(affected['versions']).filter((one) => typeof one === 'string');
  const versions = listed.slice(0, advisoryBounds.versionsPerRecord);
  // A record that names no version at all is about every one: malicious packages are told of so.
  const all: readonly AdvisoryRange[] = [{ introduced: '0' }];
  const isMalicious = id.startsWith('MAL-');
  if (ranges.length === 0 && versions.length === 0 && !isMalicious) return undefined;
  const score = scoreOf(affected) ?? scoreOf(osv);
  const severity = wordOf(affected) ?? wordOf(osv) ?? (score === undefined ? undefined : severityOf(score));
  return {
    ...{ id, type, name: canonicalName(type, name) },
    ...(ecosystem !== distribution && { release: ecosystem }),
    summary: summaryOf(osv),
    ...(severity !== undefined && { severity }),
    ...(score !== undefined && { score }),
    ...(isMalicious && { malicious: true as const }),
    ranges: ranges.length === 0 && versions.length === 0 ? all : ranges,
    ...(ranges.length === 0 && versions.length > 0 && { versions }),
  };
}

/** The name as package events have it: of PyPI runs of `-`, `_` and `.` are one `-`, and case does not count (PEP 503). */
export function canonicalName(type: string, name: string): string {
  return type === 'pip' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name;
}

/** The stretches of a range: its events come in any order of theirs, each `introduced` beginning a stretch. */
function rangesOf(value: unknown): readonly AdvisoryRange[] {
  const range = asObject(value);
  if (range === undefined || range['type'] === 'GIT') return [];
  const found: { introduced: string; fixed?: string; last?: string }[] = [];
  for (const event of asList(range['events']).map(asObject)) {
    const introduced = textOf(event?.['introduced']);
    const fixed = textOf(event?.['fixed']);
    const last = textOf(event?.['last_affected']);
    if (introduced !== undefined) found.push({ introduced });
    const open = found.at(-1);
    if (open === undefined) continue;
    if (fixed !== undefined) open.fixed ??= fixed;
    else if (last !== undefined) open.last ??= last;
  }
  return found;
}

function scoreOf(of: Json): number | undefined {
  for (const one of asList(of['severity']).map(asObject)) {
    const score = typeof one?.['score'] === 'string' ? cvssBaseScore(one['score']) : undefined;
    if (score !== undefined) return score;
  }
  return undefined;
}

const words: Readonly<Record<string, AdvisoryRecord['severity']>> = {
  LOW: 'low',
  UNIMPORTANT: 'low',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  HIGH: 'high',
  IMPORTANT: 'high',
  CRITICAL: 'critical',
};

function wordOf(of: Json): AdvisoryRecord['severity'] {
  for (const where of ['database_specific', 'ecosystem_specific']) {
    const said = asObject(of[where]);
    const word = textOf(said?.['severity']) ?? textOf(said?.['urgency']);
    if (word !== undefined && Object.hasOwn(words, word.toUpperCase())) return words[word.toUpperCase()];
  }
  return undefined;
}

function summaryOf(osv: Json): string {
  const said = textOf(osv['summary']) ?? textOf(osv['details']) ?? '';
  return said.replace(/\s+/g, ' ').trim().slice(0, advisoryBounds.summaryLength).toWellFormed();
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 65_536 ? value : undefined;
}

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
