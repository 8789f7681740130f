import type { Level } from '../store/contract.ts';
import type { AnalysisKind } from './contract.ts';

/** A row that a check's SQL gives, with its lists named. */
export interface Found {
  /** In the order of `fields`; empty where the events do not say. */
  readonly subject: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** How a check judges one row. */
export interface Judgement {
  readonly severity: Level;
  readonly confidence: number;
  /** One sentence. */
  readonly description: string;
}

/** One thing an analysis looks for. */
export interface Check {
  readonly name: string;
  readonly kind: AnalysisKind;
  readonly title: string;
  readonly techniques: readonly string[];
  /** ECS fields that `subject` holds the values of. */
  readonly fields: readonly string[];
  /** Those of them that find the events; others only tell of them. */
  readonly key: readonly string[];
  /** Names of what `numbers` holds. */
  readonly figures: readonly string[];
  /** Event types that a finding is about. */
  readonly types: readonly string[];
  readonly recommendations: readonly string[];
  /**
   * A SELECT of the columns host_id, host_name, subject (VARCHAR[]), numbers (DOUBLE[]), first_at, last_at (TIMESTAMP),
   * event_ids (VARCHAR[], at most 5) and rank (DOUBLE: the gravest highest). Written with what `SqlScope` gives, so that
   * rows depend on what is stored and not on its order: no sums of fractions, no first of equals.
   */
  readonly sql: (scope: SqlScope) => string;
  readonly judge: (found: Found) => Judgement;
}

/** What checks are written with. */
export interface SqlScope {
  /** Events of the hosts in the time that is analysed. */
  readonly now: (alias?: string) => string;
  /** Events of the hosts in as much time before it. */
  readonly before: (alias?: string) => string;
  readonly ids: (alias?: string) => string;
}

/** Addresses of nobody's inner network; null and names are none. IPv4 (RFC 1918, 6598, 3927) and IPv6 (RFC 4193, 4291). */
export function isExternal(ip: string): string {
  return `(${ip} IS NOT NULL AND NOT regexp_matches(${ip}, '^(10\\.|127\\.|0\\.|192\\.168\\.|169\\.254\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|22[4-9]\\.|23[0-9]\\.|255\\.|::1?$|fe[89ab]|f[cd]|ff)'))`;
}

export const mib = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
export const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Seconds in the largest unit that fits. */
export function span(seconds: number): string {
  if (seconds >= 172_800) return `${Math.round(seconds / 86_400)} days`;
  if (seconds >= 7200) return `${Math.round(seconds / 3600)} hours`;
  if (seconds >= 120) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds)} seconds`;
}
