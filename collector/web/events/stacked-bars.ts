import type { EventCountsJson } from '../../api/resources/event-counts.ts';

export interface StackedBars {
  /** Those with most events first, from the floor of the stack up. */
  readonly types: readonly string[];
  /** Where each bar begins, in seconds since the epoch; bars without events are there too. */
  readonly seconds: readonly number[];
  /** By type: its own events and those of all types below it. */
  readonly stacked: readonly (readonly number[])[];
}

/** Bars never seen beyond these: a span of all time with a narrow width would otherwise fill the memory. */
const maxBars = 1_000;

export function stackedBars({ since, until, widthSeconds, items }: EventCountsJson): StackedBars {
  const first = Math.floor(Date.parse(since) / 1000 / widthSeconds) * widthSeconds;
  const last = Date.parse(until) / 1000;
  const length = Math.min(maxBars, Math.max(1, Math.floor((last - first) / widthSeconds) + 1));
  const seconds = Array.from({ length }, (_, i) => first + i * widthSeconds);
  const byType = Map.groupBy(items, ({ type }) => type);
  const total = (type: string) => (byType.get(type) ?? []).reduce((sum, { events }) => sum + events, 0);
  const types = [...byType.keys()].sort((a, b) => total(b) - total(a));
  const below = new Array<number>(length).fill(0);
  const stacked = types.map((type) => {
    for (const { at, events } of byType.get(type) ?? []) {
      const index = Math.round((Date.parse(at) / 1000 - first) / widthSeconds);
      if (below[index] !== undefined) below[index] += events;
    }
    return [...below];
  });
  return { types, seconds, stacked };
}

/** Events by type, most first. */
export function typeTotals({ items }: EventCountsJson): readonly (readonly [type: string, events: number])[] {
  const totals = new Map<string, number>();
  for (const { type, events } of items) totals.set(type, (totals.get(type) ?? 0) + events);
  return [...totals].sort(([, a], [, b]) => b - a);
}
