/** Backtesting as the API is given it. */
import type { ErrorCode } from '#shared/errors.ts';
import type { BacktestProgress, BacktestReport, BacktestState } from './contract.ts';

export interface AskedText {
  /** As it is told in problems. */
  readonly file: string;
  readonly text: string;
}

export interface BacktestAsk {
  readonly rules: readonly AskedText[];
  readonly pipelines: readonly AskedText[];
  /** Names of pipelines that come with the product. */
  readonly builtIn: readonly string[];
  /** Value lists; without any those in force. Names are of letters, digits, `_`, `-` and `.`. */
  readonly lists: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** Event times, inclusive, microseconds. */
  readonly since: number;
  readonly until: number;
  /** Ids or names; empty is all. */
  readonly hosts: readonly string[];
  /** Whether to say what would change against the rules in force. */
  readonly compare: boolean;
  /** Ids of alerts to tell of by name where they would be gone. */
  readonly watched: readonly string[];
}

export interface BacktestInfo {
  readonly id: string;
  readonly by: string;
  /** Microseconds. */
  readonly startedAt: number;
  readonly since: number;
  readonly until: number;
  readonly state: BacktestState;
  readonly progress: BacktestProgress | null;
  /** Once it is done. */
  readonly report: BacktestReport | null;
  readonly failure: { readonly code: ErrorCode; readonly detail: string } | null;
}

export interface Backtesting {
  /** `backtest.busy` when too many wait. */
  start(ask: BacktestAsk, by: string): Promise<BacktestInfo>;
  list(): readonly Omit<BacktestInfo, 'report'>[];
  get(id: string): BacktestInfo | undefined;
  /** Nanoseconds an event, as the last backtest of the rule measured it. */
  costOf(ruleId: string): number | undefined;
  /** False when none of that id waits or runs. */
  cancel(id: string): boolean;
}
