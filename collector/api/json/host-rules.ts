import { noReport, ruleStatuses } from '#shared/protocol/host-rules.ts';
import type { Host, HostBundle } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const figure = { type: 'number', minimum: 0 } as const;
const bundleSchema = object({ version: count, digest: text });

export const hostRulesSchema = object({
  hostId: text,
  hostname: text,
  connected: { type: 'boolean' },
  status: oneOf(
    [...ruleStatuses, 'unknown'],
    'none: no bundle. expired: past its end, and run all the same. previous: the last one was damaged. unknown: the agent has never said.',
  ),
  version: { ...count, description: 'Of the bundle in force; 0 for none.' },
  digest: text,
  expiresAt: nullable(instant),
  wanted: nullable(bundleSchema),
  code: { ...text, description: 'Why the bundle it was offered last is not run; empty where it is.' },
  detail: text,
  since: nullable(instant),
  report: object({
    rules: count,
    forMs: figure,
    events: count,
    matchMs: figure,
    alerts: count,
    alertsShed: { ...count, description: 'Of these, those not told because too many came at once.' },
    faults: { ...count, description: 'Rules set aside because they failed.' },
    faulty: array(object({ ruleId: text, detail: text })),
    cpuMs: figure,
    rssBytes: figure,
  }),
});
export type HostRulesJson = FromSchema<typeof hostRulesSchema>;

/** What is known of the rules of a host; `said` is undefined where it has never said anything. */
export function hostRulesJson(host: Host, said: HostBundle | undefined): HostRulesJson {
  const { id: hostId, hostname, connected } = host;
  const none = { version: 0, digest: '', expiresAt: null, wanted: null, code: '', detail: '', since: null };
  if (said === undefined)
    return { hostId, hostname, connected, status: 'unknown', ...none, report: { ...noReport, faulty: [] } };
  const { status, version, digest, expiresAt, wanted, code, detail, since, report } = said;
  return {
    ...{ hostId, hostname, connected, status, version, digest, wanted, code, detail },
    expiresAt: expiresAt === 0 ? null : toIso(expiresAt),
    since: since === 0 ? null : toIso(since),
    report: { ...report, faulty: [...report.faulty] },
  };
}
