/** Hunting as the API is given it. */
import type { HuntParameter, HuntText, SqlEnd, SqlPart, SqlTextForm, SqlValue } from '../store/contract.ts';

/** One that comes with the product, or that somebody saved. */
export interface Hunt extends HuntText {
  readonly isOurs: boolean;
  /** Microseconds; null in ours. */
  readonly savedAt: number | null;
  readonly savedBy: string | null;
}

/** What somebody asks: a statement of their own, or a hunt by its name. */
export interface HuntOrder {
  readonly sql?: string;
  readonly name?: string;
  /** What a statement of ours is for, e.g. `network analysis`: told in its place. */
  readonly purpose?: string;
  readonly parameters: Readonly<Record<string, SqlValue>>;
  /** Event time, inclusive, microseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly maxRows: number;
  readonly timeoutMs: number;
  /** Name of whoever asks. */
  readonly by: string;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** A hunt that waits or runs. */
export interface RunningHunt {
  readonly id: string;
  /** Of the hunt; null for a statement of somebody's own. */
  readonly name: string | null;
  readonly by: string;
  readonly startedAt: number;
  readonly state: 'waiting' | 'running';
  /** Of the files it reads, as far as can be told. */
  readonly percent: number | null;
}

export interface Hunting {
  /** Ours and those that were saved, by name. */
  list(): Promise<readonly Hunt[]>;
  get(name: string): Promise<Hunt | undefined>;
  /** `hunt.invalid`, or `api.conflict` for the name of one of ours or when there are too many. */
  save(hunt: HuntText, by: string): Promise<Hunt>;
  /** `api.not_found`, `api.conflict` for one of ours. */
  remove(name: string, by: string): Promise<void>;
  /** Rejects with `hunt.*` before anything is given when it cannot begin. */
  stream(
    order: HuntOrder,
    form: SqlTextForm,
  ): Promise<{ readonly id: string; readonly parts: AsyncGenerator<SqlPart> }>;
  /** Rows as a Parquet file, which whoever asked removes. */
  parquet(order: HuntOrder): Promise<SqlEnd & { readonly id: string; readonly path: string }>;
  running(): readonly RunningHunt[];
  /** False when none of that id waits or runs. */
  cancel(id: string): boolean;
}

export type { HuntParameter };
