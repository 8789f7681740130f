/** A rollout: a bundle of rules that reaches hosts in stages, and goes back by itself when a gate says so. Instants in microseconds. */
import type { ErrorCode } from '#shared/errors.ts';

/** Whom a stage adds to those before it: by name or id (a `*` or `?` stands for others), and a share of all hosts. */
export interface Stage {
  /** What it was written as, e.g. `web-1,web-2`, `25%`, `everyone`. */
  readonly name: string;
  readonly hosts: readonly string[];
  /** 0 to 100; 100 is everyone, hosts that come later too, and central detection. */
  readonly percent: number;
}

/** What stops a rollout. Figures are those of a host since it runs the new rules. */
export interface Gates {
  /** Least share of the connected hosts of a stage that must run the bundle `ackS` after it was offered. */
  readonly ackShare: number;
  readonly ackS: number;
  /** Rules that fail on a host. */
  readonly maxFaults: number;
  /** Alerts of a host in an hour, as a multiple of what is usual or was expected, whichever is more… */
  readonly alertFactor: number;
  /** …and never stopped by fewer in an hour than these. */
  readonly minAlertsPerHour: number;
  /** Share of one processor core that the whole agent takes. */
  readonly maxCpuShare: number;
  readonly maxRssBytes: number;
}

export const usualGates: Gates = {
  ackShare: 0.9,
  ackS: 60,
  maxFaults: 0,
  alertFactor: 3,
  minAlertsPerHour: 60,
  maxCpuShare: 0.25,
  maxRssBytes: 256 * 1024 ** 2,
};

export interface RolloutPlan {
  readonly stages: readonly Stage[];
  /** Seconds that a stage is watched once its hosts run the bundle. */
  readonly soakS: number;
  readonly gates: Gates;
  /** Alerts of a host in an hour that a backtest found; null where nobody said. */
  readonly expectedAlertsPerHour: number | null;
  /** Somebody else must approve it before its first stage. */
  readonly needsApproval: boolean;
}

export const rolloutStates = ['waiting', 'running', 'paused', 'halted', 'done', 'rolled-back'] as const;
/** `waiting` for approval; `halted`: a gate stopped it and the hosts could not be put back by the collector itself. */
export type RolloutState = (typeof rolloutStates)[number];

export interface Rollout {
  readonly id: string;
  readonly version: number;
  readonly digest: string;
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  /** The stage it is in, from 0. */
  readonly stage: number;
  /** Ids of the hosts of the stages so far. */
  readonly hosts: readonly string[];
  readonly startedAt: number;
  readonly startedBy: string;
  readonly approvedBy: string | null;
  readonly stageAt: number;
  /** When enough hosts of the stage ran it; null before. */
  readonly ackedAt: number | null;
  /** Alerts of a host in an hour when it began. */
  readonly usualAlertsPerHour: number;
  /** The bundle its hosts were put back on, where none was in force; else null. */
  readonly backTo: number | null;
  /** Why it stands as it does, where something stopped it; else empty. */
  readonly reason: string;
  readonly changedAt: number;
}

/** What a rollout takes where nothing else is said. */
export interface UsualRollout {
  readonly stages: readonly string[];
  readonly soakS: number;
  readonly needsApproval: boolean;
}

export interface RolloutOrder {
  readonly version: number;
  readonly plan: RolloutPlan;
  readonly by: string;
}

export interface RolloutProgress {
  readonly rollout: Rollout;
  readonly hosts: readonly HostProgress[];
}

export interface HostProgress {
  readonly hostId: string;
  readonly hostName: string;
  readonly isConnected: boolean;
  /** It runs the bundle of the rollout. */
  readonly hasAcked: boolean;
  readonly code: ErrorCode | '';
  readonly detail: string;
  readonly alertsPerHour: number;
  readonly faults: number;
  readonly cpuShare: number;
  readonly rssBytes: number;
  /** When it last said how it stands; 0 never. */
  readonly toldAt: number;
}

/** All throw `rollout.*`, `bundle.*` or `api.not_found`; changes are in the audit log. */
export interface RolloutService {
  readonly usual: UsualRollout;
  start(order: RolloutOrder): Promise<Rollout>;
  /** Newest first. */
  list(): Promise<readonly Rollout[]>;
  get(id: string): Promise<RolloutProgress>;
  approve(id: string, by: string): Promise<Rollout>;
  pause(id: string, by: string): Promise<Rollout>;
  resume(id: string, by: string): Promise<Rollout>;
  /** Throws where a bundle may not be put in force past all stages: `rollout.busy`, `rollout.own_approval`. */
  demandDirect(): Promise<void>;
  /** Puts hosts back on what was in force before. */
  rollBack(id: string, by: string, reason: string): Promise<Rollout>;
}
