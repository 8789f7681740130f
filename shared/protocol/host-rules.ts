/**
 * What a host says of its rules. `none`: it has no bundle. `in-force`: it runs the bundle of that version. `expired`: the
 * same, past the bundle's end; it goes on, for to detect nothing would be worse. `previous`: the last bundle was found
 * damaged, so it runs the one before.
 */
export const ruleStatuses = ['none', 'in-force', 'expired', 'previous'] as const;
export type RuleStatus = (typeof ruleStatuses)[number];

/** What running the rules in force has come to on one host, since they are. */
export interface RuleReport {
  /** Rules and correlations that run on the host. */
  readonly rules: number;
  readonly forMs: number;
  readonly events: number;
  readonly matchMs: number;
  readonly alerts: number;
  /** Of these, those not told because too many came at once; the collector finds them in the events. */
  readonly alertsShed: number;
  /** Rules set aside because they failed, and the first of them. */
  readonly faults: number;
  readonly faulty: readonly { readonly ruleId: string; readonly detail: string }[];
  /** Processor time of the whole agent since the rules are in force. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Longest report, in bytes. */
export const maxReportBytes = 32 * 1024;
const maxFaulty = 64;
const maxText = 256;

const figures = [
  'rules',
  'forMs',
  'events',
  'matchMs',
  'alerts',
  'alertsShed',
  'faults',
  'cpuMs',
  'rssBytes',
] as const;

export const noReport: RuleReport = {
  ...{
    rules: 0,
    forMs: 0,
    events: 0,
    matchMs: 0,
    alerts: 0,
    alertsShed: 0,
    faults: 0,
    faulty: [],
    cpuMs: 0,
    rssBytes: 0,
  },
};

export function encodeReport(report: RuleReport): Uint8Array {
  return Buffer.from(JSON.stringify(report));
}

/** What an agent sent; undefined when it is no report. */
export function decodeReport(bytes: Uint8Array): RuleReport | undefined {
  if (bytes.length > maxReportBytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  if (!figures.every((name) => Number.isFinite(given[name]) && Number(given[name]) >= 0)) return undefined;
  if (!Array.isArray(given['faulty'])) return undefined;
  const faulty = given['faulty'].slice(0, maxFaulty).map((one: unknown) => {
    const { ruleId, detail } = (one ?? {}) as Record<string, unknown>;
    return { ruleId: String(ruleId).slice(0, maxText), detail: String(detail).slice(0, maxText) };
  });
  const numbers = Object.fromEntries(figures.map((name) => [name, Number(given[name])]));
  return { ...(numbers as unknown as Omit<RuleReport, 'faulty'>), faulty };
}
