import type { CorrelationStats } from '../sigma/index.ts';
import type { CorrelationTotals } from './raised-alert.ts';

/** What all correlations hold, and what they left out since the collector started. */
export function correlationTotals(stats: {
  readonly bytes: number;
  readonly correlations: readonly CorrelationStats[];
}): CorrelationTotals {
  const sum = (of: (one: CorrelationStats) => number) =>
    stats.correlations.reduce((total, one) => total + of(one), 0);
  return {
    groups: sum((one) => one.groups),
    sizeBytes: stats.bytes,
    evicted: sum((one) => one.evicted),
    tooLate: sum((one) => one.tooLate),
    dropped: sum((one) => one.dropped),
    unusable: sum((one) => one.unusable),
  };
}
