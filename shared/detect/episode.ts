/**
 * When hits on one entity are one alert. Whatever the batches, the same hits in the same order make the same alerts:
 * hits of a batch are put together only where every setting puts them together.
 */

const hourUs = 3_600_000_000;

export interface EpisodeBounds {
  /** Without a hit for this long, the next one is another alert. Microseconds, at least `foldGapUs`. */
  readonly quietUs: number;
  /** An alert holds hits of this many hours of the clock at most. */
  readonly longestHours: number;
}

export const usualEpisodes: EpisodeBounds = { quietUs: hourUs, longestHours: 24 };

/** Hits of one batch that are no further apart, and of one hour of the clock, are put together before they are kept. */
export const foldGapUs = 60_000_000;

/** Times of the first and last event, in microseconds. */
export interface Span {
  readonly firstEventAt: number;
  readonly lastEventAt: number;
}

const hourOf = (us: number) => Math.floor(us / hourUs);

/** Whether two spans of hits on one entity are of one alert. */
export function isOneEpisode(a: Span, b: Span, { quietUs, longestHours }: EpisodeBounds): boolean {
  const isNear = b.firstEventAt - a.lastEventAt <= quietUs && a.firstEventAt - b.lastEventAt <= quietUs;
  const from = hourOf(Math.min(a.firstEventAt, b.firstEventAt));
  const to = hourOf(Math.max(a.lastEventAt, b.lastEventAt));
  return isNear && to - from < longestHours;
}

/** For hits of one batch; holds only where `isOneEpisode` holds under any bounds. */
export const foldBounds: EpisodeBounds = { quietUs: foldGapUs, longestHours: 1 };
