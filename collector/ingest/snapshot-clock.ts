import type { Detector } from '../detect/contract.ts';

/** Least time between snapshots. */
const everyMs = 10_000;
/** Making snapshots takes at most one part in this many of the thread's time. */
const costShare = 50;

/** What snapshots may write on average while that needs no pause beyond the longest. */
const bytesPerMs = 10;
/** The longest pause for the sake of the disk, in intervals: what a start after a crash has to replay grows with it. */
const longestIntervals = 6;

/** Milliseconds until the next snapshot, after one that took this long and has this size; null where it was too large. */
export function pauseAfter(costMs: number, sizeBytes: number | null, intervalMs: number): number {
  const forDisk = Math.min((sizeBytes ?? 0) / bytesPerMs, longestIntervals * intervalMs);
  return Math.max(intervalMs, costMs * costShare, forDisk);
}

/** When snapshots of detection are due: not often, not for long, and only when something has changed. */
export class SnapshotClock {
  readonly #everyMs: number;
  #dueAtMs: number;
  #keptRevision = 0;
  #madeRevision = 0;

  constructor(intervalMs: number = everyMs) {
    this.#everyMs = intervalMs;
    this.#dueAtMs = performance.now() + intervalMs;
  }

  /** A detector that begins with the state that is kept. */
  begin(): void {
    this.#keptRevision = 0;
  }

  /** A snapshot where one is due; null where it would be too large. */
  due(detector: Detector): Uint8Array | null | undefined {
    return performance.now() < this.#dueAtMs ? undefined : this.changed(detector);
  }

  /** A snapshot where the state is not the one that is kept. */
  changed(detector: Detector): Uint8Array | null | undefined {
    if (detector.revision === this.#keptRevision) return undefined;
    const began = performance.now();
    const snapshot = detector.snapshot();
    const now = performance.now();
    this.#dueAtMs = now + pauseAfter(now - began, snapshot?.length ?? null, this.#everyMs);
    this.#madeRevision = detector.revision;
    return snapshot;
  }

  /** The state of this detector, as it is, was kept. */
  begunWith(detector: Detector): void {
    this.#keptRevision = detector.revision;
    this.#madeRevision = detector.revision;
  }

  /** Whether a start now would find the state as it is. */
  isKept(detector: Detector): boolean {
    return detector.revision === this.#keptRevision;
  }

  /** The snapshot made last is kept. */
  kept(): void {
    this.#keptRevision = this.#madeRevision;
  }
}
