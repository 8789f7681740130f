import { createHash } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import { globMatches } from '#shared/glob.ts';
import type { Hunting } from '../hunt/contract.ts';
import { type Host, levels } from '../store/contract.ts';
import type { Check, SqlScope } from './check.ts';
import { applicationChecks } from './checks/application.ts';
import { networkChecks } from './checks/network.ts';
import { processChecks } from './checks/process.ts';
import { userChecks } from './checks/user.ts';
import type { Analysing, Analysis, AnalysisKind, AnalysisOrder, Finding } from './contract.ts';

/** Findings of one check about one host; the gravest stay, the others are counted. */
export const maxFindingsOfCheck = 20;
const maxFindings = 10_000;
const timeoutMs = 300_000;

export const checksOf: Readonly<Record<AnalysisKind, readonly Check[]>> = {
  process: processChecks,
  network: networkChecks,
  application: applicationChecks,
  user: userChecks,
};

export interface AnalysesDeps {
  readonly hunts: Pick<Hunting, 'stream'>;
  readonly hosts: { list(): Promise<readonly Host[]> };
  readonly maxFindingsOfCheck?: number;
}

type Row = readonly [
  check: string,
  hostId: string | null,
  hostName: string | null,
  subject: readonly (string | null)[],
  numbers: readonly (number | null)[],
  firstAt: number | string,
  lastAt: number | string,
  eventIds: readonly string[],
  total: number | string,
];

/** Runs the checks of an analysis as one statement over what is stored, so that they see the same events and wait once. */
export class Analyses implements Analysing {
  readonly #d: AnalysesDeps;

  constructor(deps: AnalysesDeps) {
    this.#d = deps;
  }

  async analyse({ kind, hosts: patterns, since, until, by, signal }: AnalysisOrder): Promise<Analysis> {
    if (until <= since) throw new VedetteError('api.invalid', 'The end must be after the beginning.');
    const began = performance.now();
    const hosts = await this.#hostsOf(patterns);
    const most = this.#d.maxFindingsOfCheck ?? maxFindingsOfCheck;
    const sql = statementOf(kind, patterns.length === 0 ? undefined : hosts.map(({ id }) => id), most);
    // As long a time before, where some check compares with it; other events need not be looked at.
    const before = sql.includes('$before') ? Math.max(0, 2 * since - until) : since;
    const { parts } = await this.#d.hunts.stream(
      {
        sql,
        purpose: `${kind} analysis`,
        parameters: {
          ...{ from: iso(since), until: iso(until) },
          ...(before < since && { before: iso(before) }),
        },
        ...{ since: before, until, maxRows: maxFindings, timeoutMs, by, signal },
      },
      'arrays',
    );
    const rows: Row[] = [];
    let damagedBatches = 0;
    let isCut = false;
    for await (const part of parts) {
      if (part.part === 'text') rows.push(...linesOf(part.text));
      else if (part.part === 'end') ({ damagedBatches, isCut } = part);
    }
    if (isCut)
      throw new VedetteError(
        'hunt.limit',
        `There are more than ${maxFindings} findings; ask for fewer hosts.`,
      );
    const checks = new Map(checksOf[kind].map((check) => [check.name, check]));
    const findings = rows.map((row) => findingOf(row, checks.get(row[0]) as Check)).sort(graver);
    const totals = new Map(rows.map((row) => [`${row[0]} ${row[1]}`, Number(row[8])]));
    const found = [...totals.values()].reduce((sum, n) => sum + n, 0);
    return {
      ...{ kind, since, until },
      hosts: hosts.map(({ id, hostname: name }) => ({ id, name })),
      checks: [...checks.values()].map(({ name, title }) => ({
        ...{ name, title },
        found: findings.filter((one) => one.check === name).length,
      })),
      ...{ findings, leftOut: found - rows.length, damagedBatches },
      seconds: (performance.now() - began) / 1000,
    };
  }

  async #hostsOf(patterns: readonly string[]): Promise<readonly Host[]> {
    const all = await this.#d.hosts.list();
    if (patterns.length === 0) return all;
    for (const pattern of patterns)
      if (!all.some((host) => fits(host, pattern)))
        throw new VedetteError('api.not_found', `There is no host ${pattern}.`);
    return all.filter((host) => patterns.some((pattern) => fits(host, pattern)));
  }
}

const fits = ({ id, hostname }: Host, pattern: string) => id === pattern || globMatches(pattern, hostname);
const iso = (us: number) => new Date(Math.floor(us / 1000)).toISOString();

/** All checks of a kind, each with its gravest findings on each host. Host ids come from the control store. */
export function statementOf(
  kind: AnalysisKind,
  hostIds: readonly string[] | undefined,
  most: number,
): string {
  const scope = scopeOf(hostIds);
  const selects = checksOf[kind].map(
    (check) => `
    SELECT '${check.name}' AS "check", host_id, host_name, subject::VARCHAR[] AS subject, numbers::DOUBLE[] AS numbers,
      epoch_us(first_at) AS first_us, epoch_us(last_at) AS last_us, event_ids::VARCHAR[] AS event_ids, rank::DOUBLE AS rank
    FROM (${check.sql(scope)})`,
  );
  return `WITH found AS (${selects.join('\n    UNION ALL')})
  SELECT "check", host_id, host_name, subject, numbers, first_us, last_us, event_ids,
    count(*) OVER (PARTITION BY "check", host_id) AS total
  FROM found
  QUALIFY row_number() OVER (PARTITION BY "check", host_id ORDER BY rank DESC, subject, first_us) <= ${most}`;
}

function scopeOf(hostIds: readonly string[] | undefined): SqlScope {
  const dotted = (alias?: string) => (alias === undefined ? '' : `${alias}.`);
  const ofHosts = (alias?: string) =>
    hostIds === undefined
      ? ''
      : ` AND ${dotted(alias)}host.id IN (${hostIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`;
  return {
    now: (alias) => {
      const time = `${dotted(alias)}time`;
      return `${time} >= $from::TIMESTAMP AND ${time} <= $until::TIMESTAMP${ofHosts(alias)}`;
    },
    before: (alias) => {
      const time = `${dotted(alias)}time`;
      return `${time} >= $before::TIMESTAMP AND ${time} < $from::TIMESTAMP${ofHosts(alias)}`;
    },
    ids: (alias) => `min(${dotted(alias)}event.id, 5)`,
  };
}

function linesOf(text: string): readonly Row[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
}

function findingOf(row: Row, check: Check): Finding {
  const [, hostId, hostName, subjectOrNull, values, firstAt, lastAt, eventIds] = row;
  const subject = subjectOrNull.map((value) => value ?? '');
  const numbers = Object.fromEntries(check.figures.map((name, i) => [name, Number(values[i] ?? 0)]));
  const { severity, confidence, description } = check.judge({ subject, numbers });
  const about = [check.name, hostId, ...subject];
  return {
    id: createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32),
    ...{ check: check.name, title: check.title, severity, confidence, hostId, hostName, description },
    affected: check.fields.flatMap((field, i) =>
      subject[i] ? [{ field: nameOf(field, subject[i]), value: subject[i] }] : [],
    ),
    recommendations: check.recommendations,
    ...{ numbers, firstAt: Number(firstAt), lastAt: Number(lastAt), eventIds },
    filter: filterOf(check, hostId, subject),
    techniques: check.techniques,
  };
}

/** What finds the events as `vedette events` takes it. */
function filterOf(check: Check, hostId: string | null, subject: readonly string[]): string {
  const { types, fields, key } = check;
  const tests = key.flatMap((field) => {
    const value = subject[fields.indexOf(field)] ?? '';
    if (value === '') return [];
    const text = value.replace(/[\\"*?]/g, '\\$&');
    // Of names the subject is the domain that they are below.
    return [`${nameOf(field, value)}:"${field === 'dns.question.name' ? '*.' : ''}${text}"`];
  });
  const type = types.length === 1 ? `type:${types[0]}` : `type:(${types.join(', ')})`;
  return [type, ...(hostId === null ? [] : [`host:${hostId}`]), ...tests].join(' ');
}

/** A program whose file is not known goes by the name of its process. */
const nameOf = (field: string, value: string) =>
  field === 'process.executable' && !value.includes('/') ? 'process.name' : field;

function graver(a: Finding, b: Finding): number {
  const byLevel = levels.indexOf(b.severity) - levels.indexOf(a.severity);
  if (byLevel !== 0) return byLevel;
  if (a.confidence !== b.confidence) return b.confidence - a.confidence;
  const [x, y] = [`${a.check} ${a.hostName} ${a.id}`, `${b.check} ${b.hostName} ${b.id}`];
  return x < y ? -1 : x > y ? 1 : 0;
}
