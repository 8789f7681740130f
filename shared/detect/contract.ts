import type { ColumnarEvents } from '../schema/columns.ts';
import type { CorrelationStats, FeedScope, RestoreOutcome, RuleHeader } from '../sigma/index.ts';
import type { DetectorStats } from './detectors/contract.ts';
import type { CorrelationTotals, RaisedAlert } from './raised-alert.ts';

/** Where a batch came from; product is the host's operating system in Sigma's words. */
export interface BatchOrigin {
  readonly hostId: string;
  readonly hostName: string;
  readonly product: string;
  /** Gives the id of row `row` of group `group`: a text that is the group's, then a number that grows with the row. */
  readonly eventId: (group: number, row: number) => string;
  /** The number an id ends with, where rows are not one after another in what they came in. */
  readonly indexOf?: (group: number, row: number) => number;
  /**
   * Microseconds. To correlations no event is later than shortly after this: one host with a wrong clock must not make
   * the events of all others look late.
   */
  readonly receivedAt?: number;
}

/** What correlations have to see again that nothing was restored for. */
export interface MissedHistory {
  /** Microseconds before now. */
  readonly spanUs: number;
  /** Whether it can be among events of this type on hosts of this operating system. */
  concerns(type: string, product: string): boolean;
  /** Rows of these events that it is, ascending. */
  rows(events: ColumnarEvents, product: string): readonly number[];
  /** Takes such rows. Batches come in the order in which they arrived. */
  feed(origin: BatchOrigin, groups: readonly ColumnarEvents[]): void;
}

/** Detection over decoded batches. Does no I/O; a rule that fails is set aside and reported, never thrown. */
export interface Detector {
  /**
   * Alerts of one batch, in order of their events; hits of one rule on one entity that follow one another closely are
   * one already (see episode.ts). `now` in microseconds.
   */
  detect(origin: BatchOrigin, groups: readonly ColumnarEvents[], now: number): readonly RaisedAlert[];
  /** Whether any rule matches any of the events, detectors aside. Raises nothing and counts nothing. */
  matches(events: ColumnarEvents, product: string): boolean;
  /** Feeds a batch that was detected before to correlations and detectors: all, or those that nothing was restored for. */
  replay(origin: BatchOrigin, groups: readonly ColumnarEvents[], scope: FeedScope): void;
  /** Null where all correlations know what they have to. */
  readonly missed: MissedHistory | null;
  /** Microseconds of history that must be replayed after a restart to rebuild correlation state without a snapshot. */
  readonly lookback: number;
  readonly ruleCount: number;
  /** What a rule or correlation says of itself; undefined for one that is not at work. */
  header(ruleId: string): RuleHeader | undefined;
  /** Changes whenever the state of correlations or detectors does. */
  readonly revision: number;
  /** The state of correlations; null when it is larger than the bound on snapshots. */
  snapshot(): Uint8Array | null;
  /** Takes a snapshot up in place of the state there is. What is none is refused and leaves no state. */
  restore(snapshot: Uint8Array): RestoreOutcome;
  readonly stats: { readonly bytes: number; readonly correlations: readonly CorrelationStats[] };
  readonly totals: CorrelationTotals;
  /** Of the detectors that rules ask for. */
  readonly detectors: { readonly bytes: number; readonly detectors: readonly DetectorStats[] };
}
