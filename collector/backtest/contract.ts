/** Backtests: what is asked, how far it is, what came of it; and what the collector and its process say to each other. */
import type { EpisodeBounds } from '#shared/detect/episode.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { RuleProblem } from '#shared/sigma/index.ts';
import type { RuleSource } from '../rules/rule-source.ts';
import type { Level, NewAlert } from '../store/contract.ts';

export interface BacktestHost {
  readonly id: string;
  readonly name: string;
  /** Operating system in Sigma's words. */
  readonly product: string;
}

/** What one process does, once. */
export interface BacktestOrder {
  readonly journalPath: string;
  readonly segmentFolder: string;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile: string;
  /** Private; there must be room for a copy of the journal. */
  readonly workFolder: string;
  readonly candidate: RuleSource;
  /** What the candidate is compared with: its rules of the same ids. */
  readonly inForce?: RuleSource;
  /** Event times, inclusive, microseconds. */
  readonly since: number;
  readonly until: number;
  /** Without it all hosts. */
  readonly hostIds?: readonly string[];
  readonly hosts: readonly BacktestHost[];
  /** Ids of alerts that are to be told of by name where they would be gone. */
  readonly watched?: readonly string[];
  /** Threads that read and match. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** When hits are one alert, where not as usual. */
  readonly episodes?: EpisodeBounds;
}

export interface BacktestProgress {
  /** Events looked through, of all there are in the range. */
  readonly events: number;
  readonly of: number;
  readonly alerts: number;
}

/** How often something was found. */
export interface Tallied {
  readonly alerts: number;
}

export interface ExampleAlert
  extends Pick<NewAlert, 'id' | 'hostId' | 'hostName' | 'firstEventAt' | 'reason' | 'event' | 'matches'> {}

/** What would change against the rules in force, by the ids of alerts. */
export interface Difference {
  readonly new: number;
  readonly gone: number;
  /** Raised by both, of other events. */
  readonly changed: number;
  readonly same: number;
}

export interface RuleOutcome {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  /** Alerts of different ids. */
  readonly alerts: number;
  /** Events they are about. */
  readonly events: number;
  /** By day of their first event, UTC, those of no alert left out. */
  readonly days: readonly (Tallied & { readonly day: string })[];
  /** The most affected first. */
  readonly hosts: readonly (Tallied & { readonly id: string; readonly name: string })[];
  readonly hostCount: number;
  /** Of the fields that matched in its first thousand alerts, the most frequent first. */
  readonly values: readonly (Tallied & { readonly field: string; readonly value: string })[];
  readonly examples: readonly ExampleAlert[];
  /**
   * Nanoseconds per event of the kinds the rule is about, alone on a sample of what was read; null
   * for correlations and where there was no time to measure.
   */
  readonly costNs: number | null;
  /** Null where nothing was asked to be compared. */
  readonly difference: Difference | null;
}

export interface BacktestReport {
  readonly since: number;
  readonly until: number;
  /** Events of the range: all that are stored, and those of which rows were looked at. */
  readonly events: { readonly stored: number; readonly read: number };
  /** Row groups of the range, and those that some value ruled out without their rows being read. */
  readonly rowGroups: { readonly all: number; readonly passedOver: number };
  readonly seconds: number;
  readonly rules: number;
  readonly alerts: number;
  /** Alerts beyond the bound were counted and not told apart. */
  readonly uncounted: number;
  readonly days: readonly (Tallied & { readonly day: string })[];
  /** Those with most alerts first. */
  readonly outcomes: readonly RuleOutcome[];
  readonly difference: Difference | null;
  /** Of those that are watched: which the rules in force raise and the candidate does not. */
  readonly watchedGone: readonly string[];
  /** Refused rules of the candidate. */
  readonly problems: readonly RuleProblem[];
  /** Rules that failed while they ran. */
  readonly faults: readonly { readonly ruleId: string; readonly message: string }[];
  /** Files and batches that could not be read. */
  readonly damaged: number;
}

/** One alert as it is told apart; for whoever compares. */
export interface AlertDigest {
  readonly id: string;
  readonly ruleId: string;
  readonly count: number;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
}

export type ToProcess = { readonly say: 'run'; readonly order: BacktestOrder };
export type FromProcess =
  | { readonly say: 'progress'; readonly progress: BacktestProgress }
  | { readonly say: 'report'; readonly report: BacktestReport }
  | { readonly say: 'failure'; readonly code: ErrorCode; readonly detail: string };

export type BacktestState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
