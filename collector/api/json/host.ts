import type { Host } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { type FromSchema, instant, nullable, object, text } from '../schema.ts';

export const hostSchema = object(
  {
    id: text,
    hostname: text,
    os: text,
    enrolledAt: instant,
    lastSeenAt: nullable(instant),
    connected: { type: 'boolean' },
  },
  { osVersion: text, kernel: text, arch: text, agentVersion: text },
);
export type HostJson = FromSchema<typeof hostSchema>;

export function hostJson(host: Host): HostJson {
  return { ...host, enrolledAt: toIso(host.enrolledAt), lastSeenAt: toIsoOrNull(host.lastSeenAt) };
}
