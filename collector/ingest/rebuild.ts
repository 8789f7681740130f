import { nowUs } from '#shared/clock.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { FeedScope } from '#shared/sigma/index.ts';
import type { BatchOrigin, Detector, MissedHistory } from '../detect/contract.ts';
import type { DetectionSnapshot } from '../store/contract.ts';
import type { JournalReader } from '../store/journal/contract.ts';
import { type Detectable, groupsOf, originOf } from './detectable.ts';

export interface RebuildOptions {
  readonly reader: JournalReader;
  /** Where detection stands. */
  readonly cursor: number;
  readonly snapshot: DetectionSnapshot | undefined;
  readonly read: (after: number, upTo: number) => Promise<readonly Detectable[]>;
  readonly onRefused: (reason: string) => void;
  /** What segments hold of it, in the order in which it arrived. */
  readonly sealed: (missed: MissedHistory) => AsyncIterable<ArrivedBatch>;
}

/** A part of a batch, with where it came from. */
export interface ArrivedBatch {
  readonly origin: BatchOrigin;
  readonly groups: readonly ColumnarEvents[];
}

/**
 * Gives a fresh detector the state it had at the cursor: from the snapshot, for correlations that it does not hold
 * from the history before it (for detectors only what is in the journal), then from what was detected after it. Alerts
 * of all that exist already.
 */
export async function rebuild(detector: Detector, options: RebuildOptions): Promise<void> {
  const { reader, cursor } = options;
  if (detector.lookback === 0 || cursor === 0) return;
  const { at, lookbackUs } = takeUp(detector, options);
  if (lookbackUs > 0) await reader.atOneMoment(() => replayMissed(detector, options, at, lookbackUs));
  await replay(detector, options, at, cursor, 'all');
}

/** What was before the snapshot, for those that it does not hold: first what is sealed, then what is in the journal. */
async function replayMissed(
  detector: Detector,
  options: RebuildOptions,
  at: number,
  lookbackUs: number,
): Promise<void> {
  const { reader, sealed } = options;
  const { missed } = detector;
  if (missed !== null) {
    for await (const { origin, groups } of sealed(missed)) missed.feed(origin, groups);
  }
  const first = await reader.firstIdSince(nowUs() - lookbackUs);
  if (first !== undefined) await replay(detector, options, first - 1, at, 'fresh');
}

/** Up to where in the journal the detector knows everything, and how much before it must be seen for the rest. */
function takeUp(
  detector: Detector,
  { cursor, snapshot, onRefused }: RebuildOptions,
): { readonly at: number; readonly lookbackUs: number } {
  const fromHistory = { at: cursor, lookbackUs: detector.lookback };
  if (snapshot === undefined || snapshot.cursor > cursor) return fromHistory;
  const outcome = detector.restore(snapshot.data);
  if (outcome.taken) return { at: snapshot.cursor, lookbackUs: outcome.lookbackUs };
  onRefused(outcome.reason);
  return fromHistory;
}

async function replay(
  detector: Detector,
  { read }: RebuildOptions,
  after: number,
  upTo: number,
  scope: FeedScope,
): Promise<void> {
  for (let at = after; at < upTo; ) {
    const batches = await read(at, upTo);
    for (const batch of batches) detector.replay(originOf(batch), groupsOf(batch), scope);
    at = batches.at(-1)?.id ?? upTo;
  }
}
