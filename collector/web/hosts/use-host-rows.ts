import { useMemo } from 'react';
import type { HostRulesJson } from '../../api/json/host-rules.ts';
import { useHostRules, useRisk } from '../data/host-queries.ts';
import { useHealth, useHosts, useStatus } from '../data/queries.ts';
import { useClock } from '../time/clock.ts';
import { type Known, lagOf, type Presence, presenceOf } from './presence.ts';
import { type SensorMode, sensorModes } from './sensor-modes.ts';

export interface HostRow extends Known {
  readonly presence: Presence;
  readonly lagMs: number | undefined;
  readonly sensors: readonly SensorMode[];
  readonly risk: number;
  readonly rules: HostRulesJson | undefined;
}

/** So often the age of what hosts sent last is reckoned anew. */
const stepMs = 5_000;

/** All hosts with what is known of each. */
export function useHostRows(): readonly HostRow[] {
  const hosts = useHosts().data?.items;
  const ledgers = useStatus().data?.hosts;
  const health = useHealth().data;
  const risks = useRisk().data?.items;
  const rules = useHostRules().data?.items;
  const nowMs = useClock((now) => Math.floor(now / stepMs) * stepMs);
  return useMemo(() => {
    const ledgerOf = new Map(ledgers?.map((ledger) => [ledger.hostId, ledger]));
    const rulesOf = new Map(rules?.map((one) => [one.hostId, one]));
    const riskOf = new Map(risks?.filter(({ kind }) => kind === 'host').map(({ id, score }) => [id, score]));
    return (hosts ?? []).map((host) => {
      const known = { host, ledger: ledgerOf.get(host.id), health: health?.get(host.id) };
      return {
        ...known,
        presence: presenceOf(known, nowMs),
        lagMs: lagOf(known, nowMs),
        sensors: sensorModes(known.health?.['agent.sensors']),
        risk: riskOf.get(host.id) ?? 0,
        rules: rulesOf.get(host.id),
      };
    });
  }, [hosts, ledgers, health, risks, rules, nowMs]);
}
