/** The journal: every batch an agent sent, as it sent it, in order of arrival. */
import type { StreamMark } from '#shared/protocol/frames.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { Outdated, StorageStatus } from '../contract.ts';
import type { SparseBatch } from '../scan/batches.ts';
import type { Retention } from '../segments/retention.ts';

/** What identifies a batch and what the collector found in it. */
export interface BatchRecord {
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  /** The agent's count of events collected on the stream up to and including this batch. */
  readonly collected: number;
  /** Events in it, `loss` events not counted. */
  readonly stored: number;
  /** Events that its `loss` events declare lost, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  /** Rows by event type. */
  readonly counts: Readonly<Record<string, number>>;
  /** Microseconds since the epoch. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly receivedAt: number;
  /** zstd columnar body, unchanged. */
  readonly data: Uint8Array;
}

/** A batch with its place in the journal: `id` grows with arrival. */
export interface JournalBatch extends BatchRecord {
  readonly id: number;
}

/** `repeat`: was stored before, dropped now. `gap`: its predecessor is missing, `foreign`: another host has the stream; not stored. */
export type AppendOutcome =
  | { readonly status: 'stored'; readonly id: number }
  | { readonly status: 'repeat' }
  | { readonly status: 'gap'; readonly mark: number }
  | { readonly status: 'foreign' };

export interface StreamLedger {
  readonly hostId: string;
  readonly stream: string;
  readonly mark: number;
  readonly collected: number;
  readonly stored: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly repeats: number;
  /** Batches in the journal, counted now, and those that were sealed; more than `mark` would be a duplicate. */
  readonly batches: number;
}

export interface JournalTotals {
  readonly batches: number;
  readonly events: number;
  readonly sizeBytes: number;
}

/** Events of a stream that its agent saw acknowledged and that the journal does not hold. */
export interface JournalLack {
  readonly stream: string;
  readonly lost: number;
}

/** Why such events count as lost: the journal is an older copy, or another collector acknowledged them. */
export const notInJournal = 'not-in-journal';

export interface JournalWriter {
  /**
   * Stores batches in one transaction that is on the disk when this resolves. Rejects with `wire.store_failed`
   * when the disk refuses; then none of them is stored.
   */
  append(batches: readonly BatchRecord[]): Promise<readonly AppendOutcome[]>;
  /**
   * Brings streams that stand behind what their agent saw acknowledged up to there, and counts what is missing between
   * as lost, durably and once. Gives those streams. Rejects with `wire.store_failed` when the disk refuses; then
   * nothing has changed.
   */
  settle(hostId: string, marks: readonly StreamMark[]): Promise<readonly JournalLack[]>;
  close(): Promise<void>;
}

export interface BatchFilter {
  readonly hostId?: string;
  readonly types?: readonly string[];
  readonly since?: number;
  readonly until?: number;
}

export interface Span {
  readonly minTime: number;
  readonly maxTime: number;
}

/** A place in the order of `newestFirst`. */
export type BatchPlace = Pick<JournalBatch, 'maxTime' | 'id'>;

export type ListedBatch = Pick<JournalBatch, 'id' | 'hostId' | 'stream' | 'sequence' | 'maxTime'>;

/** What a search needs of a batch; its data only where the caller does not hold it already. */
export interface PlacedBatch extends ListedBatch {
  readonly data: Uint8Array | undefined;
}

/** Which events of segments are needed. */
export interface HistoryNeeds {
  /** Event time, microseconds, inclusive. */
  readonly since: number;
  readonly productOf: (hostId: string) => string;
  /** Whether any can be of this type, on hosts of any product; and of this one. */
  readonly isOfUse: (type: string) => boolean;
  readonly concerns: (type: string, product: string) => boolean;
  readonly rows: (events: ColumnarEvents, product: string) => readonly number[];
  /** What cannot be read, or is more than is looked through. */
  readonly onLeftOut: (detail: string) => void;
}

export interface JournalReader {
  /** Batches with id greater than `after`, ascending, at most `limit`. */
  forward(after: number, limit: number, filter?: BatchFilter): Promise<readonly JournalBatch[]>;
  /** Batches with id less than `before`, descending, at most `limit`. */
  backward(before: number, limit: number, filter?: BatchFilter): Promise<readonly JournalBatch[]>;
  /** Batches whose newest event is not after that of `before`, the newest first, at most `limit`. */
  newestFirst(
    before: BatchPlace | undefined,
    limit: number,
    filter: BatchFilter,
    isHeld: (batch: ListedBatch) => boolean,
  ): Promise<readonly PlacedBatch[]>;
  find(hostId: string, stream: string, sequence: number): Promise<JournalBatch | undefined>;
  /** What segments hold of events that are needed, batch by batch as they arrived. Throws `encryption.*`. */
  sealed(needs: HistoryNeeds): AsyncIterable<SparseBatch>;
  /**
   * Runs `work`, and all this reader gives meanwhile is of one moment: a batch that is sealed is seen in one place. Not
   * to be called again before it has ended.
   */
  atOneMoment<T>(work: () => Promise<T>): Promise<T>;
  /** Event times of the oldest and the newest event in segments; undefined when there are none. */
  sealedSpan(): Promise<Span | undefined>;
  /** The highest id, 0 when empty. */
  lastId(): Promise<number>;
  /** The lowest id; undefined when empty. */
  firstId(): Promise<number | undefined>;
  /** The lowest id whose events reach `since` or later; undefined when there is none. */
  firstIdSince(since: number): Promise<number | undefined>;
  ledger(): Promise<readonly StreamLedger[]>;
  /** Events of batches with an id greater than `after`, by host. */
  eventsAfter(after: number): Promise<Readonly<Record<string, number>>>;
  totals(): Promise<JournalTotals>;
  /** `folder` holds the segments. */
  storage(folder: string, retention: Retention): Promise<StorageStatus>;
  /** What of the segments would be given up now. */
  outdated(retention: Retention): Promise<Outdated>;
  /** Rows by type for each second of arrival from `since` (microseconds), oldest first. */
  arrivals(since: number): Promise<readonly { second: number; counts: Record<string, number> }[]>;
  close(): Promise<void>;
}
