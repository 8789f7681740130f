import { rateHistory, windowSeconds } from '../data/rate-history.ts';

export interface RateSeries {
  /** Seconds since the epoch. */
  readonly seconds: readonly number[];
  /** Events in each second, by type, in the order of `types`. */
  readonly counts: readonly (readonly number[])[];
  /** Each the sum of itself and all before it: what a stacked chart draws. */
  readonly stacked: readonly (readonly number[])[];
}

/** The window that ends with second `end`; seconds without a point count as zero. */
export function rateSeries(types: readonly string[], end: number): RateSeries {
  const seconds = Array.from({ length: windowSeconds }, (_, i) => end - windowSeconds + 1 + i);
  const counts = types.map((type) => seconds.map((second) => rateHistory.at(second)?.[type] ?? 0));
  const stacked: number[][] = [];
  for (const series of counts) {
    const below = stacked.at(-1);
    stacked.push(series.map((events, i) => events + (below?.[i] ?? 0)));
  }
  return { seconds, counts, stacked };
}
