import { nowUs } from '#shared/clock.ts';
import type { FeedScope } from '#shared/sigma/index.ts';
import type { Detector } from '../detect/contract.ts';
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
}

/**
 * Gives a fresh detector the state it had at the cursor: from the snapshot, for correlations that it does not hold
 * from the history before it, then from what was detected after it. Alerts of all that exist already.
 */
export async function rebuild(detector: Detector, options: RebuildOptions): Promise<void> {
  const { reader, cursor } = options;
  if (detector.lookback === 0 || cursor === 0) return;
  const { at, lookbackUs } = takeUp(detector, options);
  if (lookbackUs > 0) {
    const first = await reader.firstIdSince(nowUs() - lookbackUs);
    if (first !== undefined) await replay(detector, options, first - 1, at, 'fresh');
  }
  await replay(detector, options, at, cursor, 'all');
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
