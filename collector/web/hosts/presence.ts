import type { EventJson } from '../../api/json/event.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { LedgerJson } from '../../api/json/status.ts';
import { outside } from '../../intake/outside.ts';

/** Collected and not stored yet, or stored and not gone over by detection: more of them is behind. */
const behindEvents = 5_000;
/** A health event comes at least every minute; twice that without one is behind. */
const behindMs = 120_000;

/** `outside`: it has no agent; other systems report through the API. */
export const presences = ['online', 'behind', 'silent', 'outside', 'revoked', 'decommissioned'] as const;
export type Presence = (typeof presences)[number];

export interface Known {
  readonly host: HostJson;
  readonly ledger: LedgerJson | undefined;
  /** The newest health event. */
  readonly health: EventJson | undefined;
}

/** Age of the newest health event that is stored, in milliseconds; undefined where there is none of the last hour. */
export function lagOf({ health }: Pick<Known, 'health'>, nowMs: number): number | undefined {
  return health === undefined ? undefined : Math.max(0, nowMs - Date.parse(health['@timestamp']));
}

/** Whether a host tells what happens on it, and at once. */
export function presenceOf(known: Known, nowMs: number): Presence {
  const { host, ledger } = known;
  if (host.state !== 'active') return host.state;
  if (host.id === outside.id) return 'outside';
  if (!host.connected) return 'silent';
  const waiting = ledger === undefined ? 0 : ledger.pending + (ledger.stored - ledger.detected);
  const lagMs = lagOf(known, nowMs);
  return waiting > behindEvents || (lagMs !== undefined && lagMs > behindMs) ? 'behind' : 'online';
}

export const presenceWords: Readonly<Record<Presence, string>> = {
  online: 'Online',
  behind: 'Behind',
  silent: 'Silent',
  outside: 'Through the API',
  revoked: 'Revoked',
  decommissioned: 'Out of service',
};
