import { type HostProgress, type Rollout, rolloutStates } from '../../rollout/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

export const number = { type: 'number' } as const;
const stageSchema = object({ name: text, hosts: array(text), percent: number });
export const gatesSchema = object({
  ackShare: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    description: 'Least share of connected hosts that must run it.',
  },
  ackS: { type: 'integer', minimum: 1, maximum: 86_400, description: 'Seconds they have for that.' },
  maxFaults: { ...count, description: 'Rules that may fail on a host.' },
  alertFactor: {
    type: 'number',
    minimum: 1,
    maximum: 1000,
    description: 'Alerts of a host in an hour, as a multiple of what is usual or expected.',
  },
  minAlertsPerHour: {
    type: 'number',
    minimum: 0,
    description: 'Alerts of a host in an hour that never stop it.',
  },
  maxCpuShare: {
    type: 'number',
    minimum: 0.01,
    maximum: 64,
    description: 'Share of a core that the agent may take.',
  },
  maxRssBytes: { type: 'integer', minimum: 1, description: 'Memory that the agent may take.' },
});
const planSchema = object({
  stages: array(stageSchema),
  soakS: count,
  gates: gatesSchema,
  expectedAlertsPerHour: nullable(number),
  needsApproval: { type: 'boolean' },
});

export const rolloutSchema = object({
  id: text,
  version: count,
  digest: text,
  state: oneOf(rolloutStates),
  plan: planSchema,
  stage: { ...count, description: 'The stage it is in, from 0.' },
  stageName: text,
  hosts: { ...count, description: 'Hosts of the stages so far.' },
  startedAt: instant,
  startedBy: text,
  approvedBy: nullable(text),
  stageAt: instant,
  ackedAt: nullable(instant),
  reason: { ...text, description: 'Why it stands as it does, where something stopped it.' },
  changedAt: instant,
});
export type RolloutJson = FromSchema<typeof rolloutSchema>;

export const hostProgressSchema = object({
  hostId: text,
  hostName: text,
  connected: { type: 'boolean' },
  acknowledged: { type: 'boolean' },
  code: text,
  detail: text,
  alertsPerHour: number,
  faults: count,
  cpuShare: number,
  rssBytes: count,
});
export type HostProgressJson = FromSchema<typeof hostProgressSchema>;

export function rolloutJson(rollout: Rollout): RolloutJson {
  const {
    plan,
    hosts,
    startedAt,
    stageAt,
    ackedAt,
    changedAt,
    usualAlertsPerHour: _,
    backTo: __,
    ...rest
  } = rollout;
  const stages = plan.stages.map((stage) => ({ ...stage, hosts: [...stage.hosts] }));
  return {
    ...rest,
    plan: { ...plan, stages },
    stageName: plan.stages[rollout.stage]?.name ?? '',
    hosts: hosts.length,
    startedAt: toIso(startedAt),
    stageAt: toIso(stageAt),
    ackedAt: ackedAt === null ? null : toIso(ackedAt),
    changedAt: toIso(changedAt),
  };
}

export function hostProgressJson({ isConnected, hasAcked, ...rest }: HostProgress): HostProgressJson {
  return { ...rest, connected: isConnected, acknowledged: hasAcked };
}
