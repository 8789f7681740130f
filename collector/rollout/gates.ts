/** What stops a rollout: figures of hosts that run the new rules against its gates. */
import type { Gates, HostProgress, RolloutPlan } from './contract.ts';

/** Shorter runs say nothing of rates; alerts of less count as if they had come over this long. */
const leastRunMs = 60_000;

export interface HostFigures {
  readonly alerts: number;
  readonly forMs: number;
  readonly cpuMs: number;
}

export function alertsPerHour({ alerts, forMs }: Pick<HostFigures, 'alerts' | 'forMs'>): number {
  return (alerts * 3_600_000) / Math.max(leastRunMs, forMs);
}

/** Of the whole agent since the switch, as if it had taken no less time than a little while: compiling is not running. */
export function cpuShare({ cpuMs, forMs }: Pick<HostFigures, 'cpuMs' | 'forMs'>): number {
  return cpuMs / Math.max(leastRunMs / 6, forMs);
}

export interface Watch {
  /** Of hosts that are in the rollout so far. */
  readonly hosts: readonly HostProgress[];
  /** Alerts of a host in an hour before. */
  readonly usualAlertsPerHour: number;
  readonly stageForS: number;
}

/** Most alerts of a host in an hour that the gates let pass. */
export function alertBound(plan: RolloutPlan, usualAlertsPerHour: number): number {
  const { alertFactor, minAlertsPerHour } = plan.gates;
  return Math.max(
    minAlertsPerHour,
    alertFactor * Math.max(usualAlertsPerHour, plan.expectedAlertsPerHour ?? 0),
  );
}

/** Why the rollout must stop; undefined when it need not. */
export function stopReason(plan: RolloutPlan, watch: Watch): string | undefined {
  const refused = watch.hosts.find(({ code, hasAcked }) => code !== '' && !hasAcked);
  if (refused !== undefined) return `${refused.hostName} refused it: ${refused.code}: ${refused.detail}`;
  for (const host of watch.hosts) {
    const why = host.hasAcked ? overGate(host, plan, watch) : undefined;
    if (why !== undefined) return `${host.hostName}: ${why}`;
  }
  return lateReason(plan.gates, watch);
}

function overGate(host: HostProgress, plan: RolloutPlan, watch: Watch): string | undefined {
  const { maxFaults, maxCpuShare, maxRssBytes } = plan.gates;
  const bound = alertBound(plan, watch.usualAlertsPerHour);
  if (host.faults > maxFaults) return `${host.faults} rules failed, the gate is ${maxFaults}`;
  if (host.alertsPerHour > bound)
    return `${Math.round(host.alertsPerHour)} alerts an hour, the gate is ${Math.round(bound)}`;
  if (host.cpuShare > maxCpuShare)
    return `the agent takes ${Math.round(host.cpuShare * 100)} % of a core, the gate is ${Math.round(maxCpuShare * 100)} %`;
  if (host.rssBytes > maxRssBytes)
    return `the agent takes ${mib(host.rssBytes)} MiB, the gate is ${mib(maxRssBytes)} MiB`;
  return undefined;
}

const mib = (bytes: number) => Math.round(bytes / 1024 ** 2);

/** Hosts that are away are not waited for: they are offered the bundle when they come back. */
export function hasEnoughAcked({ gates }: RolloutPlan, hosts: readonly HostProgress[]): boolean {
  const there = hosts.filter(({ isConnected, hasAcked }) => isConnected || hasAcked);
  const acked = there.filter(({ hasAcked }) => hasAcked).length;
  return there.length > 0 && acked >= gates.ackShare * there.length;
}

function lateReason(gates: Gates, { hosts, stageForS }: Watch): string | undefined {
  const waiting = hosts.filter(({ isConnected, hasAcked }) => isConnected && !hasAcked);
  if (stageForS <= gates.ackS || waiting.length === 0) return undefined;
  const acked = hosts.filter(({ hasAcked }) => hasAcked).length;
  const share = acked / (acked + waiting.length);
  if (share >= gates.ackShare) return undefined;
  return `${waiting.length} connected hosts do not run it after ${gates.ackS} s, ${waiting[0]?.hostName} among them`;
}

/**
 * Of hosts of a stage that was watched for long enough: whether one that is connected must still say how it fared, and why
 * the rollout stops when it does not. A host that its rules keep too busy to speak is the last to be let pass.
 */
export function silentReason(
  { gates, soakS }: RolloutPlan,
  hosts: readonly HostProgress[],
  ackedAt: number,
  soakedForS: number,
): string | 'wait' | undefined {
  if (soakS === 0) return undefined;
  const there = hosts.filter(({ isConnected, hasAcked }) => isConnected && hasAcked);
  const silent = there.filter(({ toldAt }) => toldAt < ackedAt + soakS * 1e6);
  if (there.length - silent.length >= gates.ackShare * there.length) return undefined;
  if (soakedForS <= gates.ackS) return 'wait';
  return `${silent[0]?.hostName} is connected and has said nothing for ${Math.round(soakedForS)} s`;
}
