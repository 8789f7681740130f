import { fail, ok, type Result } from '../errors.ts';
import { queryBounds } from './bounds.ts';

/** A query a host asks itself again and again; how its answer differs from the last becomes events. */
export interface ScheduledQuery {
  /** What its events go by; of all queries of a host no two have the same. */
  readonly name: string;
  readonly sql: string;
  readonly intervalS: number;
}

export const scheduleBounds = {
  /** Queries of one host. */
  maxQueries: 64,
  minIntervalS: 10,
  maxIntervalS: 30 * 86_400,
  maxNameLength: 64,
  /** Of all queries of one host, as JSON. */
  maxBytes: 1024 * 1024,
} as const;

/** Names are part of file names and of rules. */
export const scheduleNamePattern = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

function problemOf({ name, sql, intervalS }: Record<string, unknown>): string | undefined {
  const { minIntervalS, maxIntervalS } = scheduleBounds;
  if (typeof name !== 'string' || !scheduleNamePattern.test(name)) return 'a name is not valid';
  if (typeof sql !== 'string' || sql === '' || sql.length > queryBounds.maxSqlLength)
    return `the SQL of ${name} is missing or too long`;
  const isInterval = Number.isInteger(intervalS) && Number(intervalS) >= minIntervalS;
  return isInterval && Number(intervalS) <= maxIntervalS
    ? undefined
    : `the interval of ${name} is out of bounds`;
}

export function encodeSchedule(queries: readonly ScheduledQuery[]): Buffer {
  return Buffer.from(JSON.stringify(queries));
}

/** The queries of a frame or a file, each held against its bounds; `wire.frame_malformed` when one is beyond them. */
export function decodeSchedule(data: Uint8Array): Result<readonly ScheduledQuery[]> {
  const wrong = (detail: string) =>
    fail<readonly ScheduledQuery[]>('wire.frame_malformed', `Scheduled queries: ${detail}.`);
  if (data.length > scheduleBounds.maxBytes) return wrong(`${data.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    return wrong('they are no JSON');
  }
  if (!Array.isArray(value) || value.length > scheduleBounds.maxQueries)
    return wrong('they are no list, or too many');
  const queries: ScheduledQuery[] = [];
  for (const one of value as readonly unknown[]) {
    if (typeof one !== 'object' || one === null) return wrong('one is no object');
    const problem = problemOf(one as Record<string, unknown>);
    if (problem !== undefined) return wrong(problem);
    const { name, sql, intervalS } = one as ScheduledQuery;
    if (queries.some((other) => other.name === name)) return wrong(`two are called ${name}`);
    queries.push({ name, sql, intervalS });
  }
  return ok(queries);
}
