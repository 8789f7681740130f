import { type Host, hostStates } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { riskSchema } from './risk.ts';

const facts = {
  id: text,
  hostname: text,
  os: text,
  enrolledAt: instant,
  lastSeenAt: nullable(instant),
  connected: { type: 'boolean' },
  state: oneOf(hostStates, 'A host that is revoked or decommissioned cannot connect.'),
} as const;

const moreFacts = {
  osVersion: text,
  kernel: text,
  arch: text,
  agentVersion: text,
  stateReason: text,
  stateAt: { ...instant, description: 'When its state was changed.' },
  groups: array(text, 'Names of the groups it is in.'),
} as const;

export const hostSchema = object(facts, moreFacts);
export const hostWithRiskSchema = object({ ...facts, risk: nullable(riskSchema) }, moreFacts);
export type HostJson = FromSchema<typeof hostSchema>;
export type HostWithRiskJson = FromSchema<typeof hostWithRiskSchema>;

export function hostJson(host: Host): HostJson {
  const { stateAt, ...rest } = host;
  return {
    ...rest,
    enrolledAt: toIso(host.enrolledAt),
    lastSeenAt: toIsoOrNull(host.lastSeenAt),
    ...(stateAt !== undefined && { stateAt: toIso(stateAt) }),
  };
}
