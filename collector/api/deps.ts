import type { FastifyBaseLogger } from 'fastify';
import type { Result } from '#shared/errors.ts';
import type { AlertExceptions } from '../alerts/exceptions.ts';
import type { Risk } from '../alerts/risk.ts';
import type { Analysing } from '../analysis/contract.ts';
import type { Access } from '../auth/access.ts';
import type { Auth } from '../auth/auth.ts';
import type { OidcSignIn } from '../auth/oidc/sign-in.ts';
import type { Backtesting } from '../backtest/asking.ts';
import type { BundleService } from '../bundles/contract.ts';
import type { Bus } from '../bus.ts';
import type { Hunting } from '../hunt/contract.ts';
import type { HuntSchedules } from '../hunt/schedules/hunt-schedules.ts';
import type { Intake } from '../intake/intake.ts';
import type { RetentionSettings } from '../retention.ts';
import type { RolloutService } from '../rollout/contract.ts';
import type {
  Certificate,
  CollectorStatus,
  Command,
  CommandOrder,
  ControlStore,
  DetectorTotals,
  EnrolmentToken,
  EventCounting,
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
  readonly eventCounts: EventCounting;
  readonly tree: (subject: TreeSubject, bounds: TreeBounds) => Promise<ProcessTree>;
  readonly bus: Bus;
  readonly auth: Auth;
  readonly access: Access;
  readonly status: () => Promise<CollectorStatus>;
  /** The last 15 minutes, oldest first; seconds without events may be missing. */
  readonly rates: () => readonly RatePoint[];
  readonly rules: () => LoadedRules;
  /** Of the detectors that rules ask for, as of about a second ago. */
  readonly detectors: () => DetectorTotals;
  /** The text of a file of rules that is loaded, and of the tests beside it; undefined when it is gone. */
  readonly ruleTexts: (
    file: string,
  ) => Promise<{ readonly text: string; readonly tests: string | null } | undefined>;
  /** Says what is wrong with a rule, what its tests come to and what it means. */
  readonly checkRule: (text: string, tests: string | undefined) => Promise<RuleCheck>;
  /** What the rules in force cover of ATT&CK, without what was seen. */
  readonly coverage: () => Promise<RuleCoverage>;
  readonly bundles: BundleService;
  /** `preview` and `set` throw `api.invalid`, `set` also `retention.unconfirmed`. */
  readonly retention: Pick<RetentionSettings, 'state' | 'preview' | 'set'>;
  /** Hits that raise no alerts. `remove` throws `api.not_found`, `preview` what a filter is refused with. */
  readonly exceptions: Pick<AlertExceptions, 'list' | 'add' | 'remove' | 'preview'>;
  /** Of hosts and users that alerts are about, the highest first. */
  readonly risks: () => Promise<readonly Risk[]>;
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
  /** Hunts that run by themselves. All but `list` throw `api.not_found`, `put` also `hunt.parameter` and `api.conflict`. */
  readonly huntSchedules: Pick<HuntSchedules, 'list' | 'get' | 'result' | 'put' | 'remove'>;
  /** Events that come through the API. */
  readonly intake: Pick<Intake, 'take' | 'alertsOf'>;
  readonly analyses: Analysing;
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
  /** Signing in through a provider of identities, where one is configured. */
  readonly oidc?: OidcSignIn;
  /** Origin people reach us by, where it is not what they ask for: behind a proxy. */
  readonly publicUrl?: string;
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /** Requests in a minute, where not the usual ones. */
  readonly limits?: Partial<RequestLimits>;
  /** Bounds of the live feed, where not the usual ones. */
  readonly feed?: Partial<FeedBounds>;
  /** Microseconds since the epoch. */
  readonly now?: () => number;
}

export interface RequestLimits {
  /** Of one address. */
  readonly perAddress: number;
  /** Of one session or token. */
  readonly perCaller: number;
}

export interface FeedBounds {
  readonly maxClients: number;
  /** Bytes that may wait for one client before it is dropped. */
  readonly maxWaitingBytes: number;
  /** A client that says nothing for two of these is gone; its credential is looked at again as often. */
  readonly pingMs: number;
}
