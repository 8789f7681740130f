import { type Host, hostStates } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

export const hostSchema = object(
  {
    id: text,
    hostname: text,
    os: text,
    enrolledAt: instant,
    lastSeenAt: nullable(instant),
    connected: { type: 'boolean' },
    state: oneOf(hostStates, 'A host that is revoked or decommissioned cannot connect.'),
  },
  {
    osVersion: text,
    kernel: text,
    arch: text,
    agentVersion: text,
    stateReason: text,
    stateAt: { ...instant, description: 'When its state was changed.' },
  },
);
export type HostJson = FromSchema<typeof hostSchema>;

export function hostJson(host: Host): HostJson {
  const { stateAt, ...rest } = host;
  return {
    ...rest,
    enrolledAt: toIso(host.enrolledAt),
    lastSeenAt: toIsoOrNull(host.lastSeenAt),
    ...(stateAt !== undefined && { stateAt: toIso(stateAt) }),
  };
}
