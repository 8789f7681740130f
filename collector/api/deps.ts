import type { FastifyBaseLogger } from 'fastify';
import type { Result } from '#shared/errors.ts';
import type { Auth } from '../auth/auth.ts';
import type { Backtesting } from '../backtest/asking.ts';
import type { BundleService } from '../bundles/contract.ts';
import type { Bus } from '../bus.ts';
import type { Hunting } from '../hunt/contract.ts';
import type { RolloutService } from '../rollout/contract.ts';
import type {
  Certificate,
  CollectorStatus,
  Command,
  CommandOrder,
  ControlStore,
  EnrolmentToken,
  EventReader,
  Host,
  HostState,
  LiveQueryOrder,
  LiveQueryState,
  LoadedRules,
  QuerySchedule,
  QueryScheduleOrder,
  RatePoint,
  RuleCheck,
  RuleCoverage,
} from '../store/contract.ts';
import type { ProcessTree, TreeBounds, TreeSubject } from '../tree/contract.ts';

export interface EnrolmentTokenOptions {
  readonly maxUses: number;
  readonly lifeMs: number;
  /** Glob over host names. */
  readonly hostPattern?: string;
  readonly actor: string;
}

/** A trusted CA; instants in milliseconds. */
export interface TrustedCaInfo {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfterMs: number;
  readonly state: 'signing' | 'retiring';
  readonly retiresAtMs: number | undefined;
}

/** What the API is given; it makes nothing of this itself. */
export interface ApiDeps {
  readonly control: ControlStore;
  readonly events: EventReader;
  readonly tree: (subject: TreeSubject, bounds: TreeBounds) => Promise<ProcessTree>;
  readonly bus: Bus;
  readonly auth: Auth;
  readonly status: () => Promise<CollectorStatus>;
  /** The last 15 minutes, oldest first; seconds without events may be missing. */
  readonly rates: () => readonly RatePoint[];
  readonly rules: () => LoadedRules;
  /** The text of a file of rules that is loaded, and of the tests beside it; undefined when it is gone. */
  readonly ruleTexts: (
    file: string,
  ) => Promise<{ readonly text: string; readonly tests: string | null } | undefined>;
  /** Says what is wrong with a rule, what its tests come to and what it means. */
  readonly checkRule: (text: string, tests: string | undefined) => Promise<RuleCheck>;
  /** What the rules in force cover of ATT&CK, without what was seen. */
  readonly coverage: () => Promise<RuleCoverage>;
  readonly bundles: BundleService;
  readonly rollouts: RolloutService;
  readonly enrol: {
    /** `expiresAt` in microseconds. */
    createToken(options: EnrolmentTokenOptions): Promise<{ id: string; token: string; expiresAt: number }>;
    revokeToken(id: string, actor: string): Promise<EnrolmentToken>;
  };
  readonly fleet: {
    setState(id: string, state: HostState, reason: string, actor: string): Promise<Host>;
    revokeCertificate(serialOrFingerprint: string, reason: string, actor: string): Promise<Certificate>;
  };
  readonly ca: {
    list(): readonly TrustedCaInfo[];
    /** `overlapMs` undefined is the usual one. */
    rotate(overlapMs: number | undefined, actor: string): Promise<readonly TrustedCaInfo[]>;
  };
  /** Keeps a command and sends it if its host is connected; `command.*` or `api.not_found` when it is refused. */
  readonly giveCommand: (order: CommandOrder) => Promise<Result<Command>>;
  readonly hunts: Hunting;
  readonly backtests: Backtesting;
  /** Queries about the present state of hosts. All but `start` and `list` throw `api.not_found`. */
  readonly queries: {
    start(order: LiveQueryOrder): Promise<Result<LiveQueryState>>;
    list(): readonly LiveQueryState[];
    get(id: string): {
      readonly state: LiveQueryState;
      lines(after: number, signal: AbortSignal): AsyncIterable<string>;
    };
    cancel(id: string, by: string): Promise<LiveQueryState>;
  };
  /** Queries that hosts ask themselves. `get`, `change` and `remove` throw `api.not_found`. */
  readonly schedules: {
    list(): Promise<readonly QuerySchedule[]>;
    get(name: string): Promise<QuerySchedule>;
    add(order: QueryScheduleOrder, by: string): Promise<Result<QuerySchedule>>;
    change(
      name: string,
      change: Partial<Omit<QueryScheduleOrder, 'name'>> & { readonly isEnabled?: boolean },
      by: string,
    ): Promise<QuerySchedule>;
    remove(name: string, by: string): Promise<QuerySchedule>;
  };
  readonly logger: FastifyBaseLogger;
  /** Folder of the built dashboard; without it only the API is served. */
  readonly webRoot?: string;
  /** PEM; without it plain HTTP, which is for loopback only. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Bounds of the live feed, where not the usual ones. */
  readonly feed?: Partial<FeedBounds>;
  /** Microseconds since the epoch. */
  readonly now?: () => number;
}

export interface FeedBounds {
  readonly maxClients: number;
  /** Bytes that may wait for one client before it is dropped. */
  readonly maxWaitingBytes: number;
  /** A client that says nothing for two of these is gone; its credential is looked at again as often. */
  readonly pingMs: number;
}
