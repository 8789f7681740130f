import { outside } from './intake/outside.ts';
import type { CollectorStatus } from './store/contract.ts';

/** `failing` means that events are not stored or not looked at; `degraded` that something wants a look. */
export type HealthStatus = 'ok' | 'degraded' | 'failing';

export interface HealthCheck {
  readonly name: string;
  readonly status: HealthStatus;
  readonly detail: string;
  /** What was measured, in the unit of the detail. */
  readonly value: number;
}

/** Batches behind that detection is no longer thought to catch up with soon. */
const maxLagBatches = 1_000;
/** Days until the disk is full below which somebody should know. */
const scarceDays = 7;
const dayUs = 86_400_000_000;

export const healthCheckNames = ['collector', 'detection', 'ledger', 'storage', 'agents'] as const;
export type HealthCheckName = (typeof healthCheckNames)[number];

const checks: Readonly<Record<HealthCheckName, (status: CollectorStatus, now: number) => HealthCheck>> = {
  collector: ({ startedAt }, now) => ({
    ...{ name: 'collector', status: 'ok', value: Math.round((now - startedAt) / 1e6) },
    detail: `answers, up since ${new Date(startedAt / 1000).toISOString()}`,
  }),
  detection: ({ detection: { rules, lagBatches, damagedBatches } }) => ({
    ...{ name: 'detection', value: lagBatches },
    status: rules === 0 || lagBatches >= maxLagBatches ? 'failing' : damagedBatches > 0 ? 'degraded' : 'ok',
    detail: `${rules} rules, ${lagBatches} batches behind${damagedBatches > 0 ? `, ${damagedBatches} batches could not be read` : ''}`,
  }),
  ledger: ({ hosts }) => {
    const unsound = hosts.filter(
      ({ unaccounted, duplicates }) => unaccounted !== 0 || duplicates !== 0,
    ).length;
    const lost = hosts.reduce((sum, host) => sum + host.lost, 0);
    return {
      ...{ name: 'ledger', value: unsound, status: unsound === 0 ? 'ok' : 'failing' },
      detail:
        unsound === 0
          ? `every event accounted for, ${lost} declared lost`
          : `does not add up on ${unsound} hosts`,
    };
  },
  storage: ({ storage: { freeBytes, fullAt } }, now) => {
    const days = fullAt === null ? null : Math.max(0, Math.floor((fullAt - now) / dayUs));
    const isScarce = days !== null && days < scarceDays;
    return {
      ...{ name: 'storage', value: freeBytes, status: isScarce ? 'degraded' : 'ok' },
      detail: `${Math.floor(freeBytes / 1024 ** 2)} MiB free${days === null ? '' : `, full in ${days} days at this rate`}`,
    };
  },
  agents: (status) => {
    const hosts = status.hosts.filter(({ hostId }) => hostId !== outside.id);
    const connected = hosts.filter((host) => host.connected).length;
    return {
      ...{ name: 'agents', value: connected, status: connected === hosts.length ? 'ok' : 'degraded' },
      detail: `${connected} of ${hosts.length} connected`,
    };
  },
};

/** Every check. `now` in microseconds. */
export function healthOf(status: CollectorStatus, now: number): readonly HealthCheck[] {
  return healthCheckNames.map((name) => checks[name](status, now));
}

/** The worst of them. */
export function worstOf(all: readonly HealthCheck[]): HealthStatus {
  const has = (status: HealthStatus) => all.some((check) => check.status === status);
  return has('failing') ? 'failing' : has('degraded') ? 'degraded' : 'ok';
}
