/** Events per second by type over the last 15 minutes, outside React: a point comes every second. */
import type { RateJson } from '../../api/json/rate.ts';

export const windowSeconds = 900;

class RateHistory {
  #points = new Map<number, Readonly<Record<string, number>>>();
  #version = 0;
  readonly #watchers = new Set<() => void>();

  /** Takes points in any order; what fell out of the window is forgotten. */
  add(points: readonly RateJson[]): void {
    for (const { second, counts } of points) this.#points.set(second, counts);
    const oldest = Math.max(...this.#points.keys()) - windowSeconds;
    for (const second of this.#points.keys()) if (second < oldest) this.#points.delete(second);
    this.#version++;
    for (const watcher of this.#watchers) watcher();
  }

  at(second: number): Readonly<Record<string, number>> | undefined {
    return this.#points.get(second);
  }

  get newest(): number | undefined {
    return this.#points.size === 0 ? undefined : Math.max(...this.#points.keys());
  }

  /** Types seen in the window, those with most events first. */
  totals(): readonly (readonly [type: string, events: number])[] {
    const totals = new Map<string, number>();
    for (const counts of this.#points.values()) {
      for (const [type, events] of Object.entries(counts)) totals.set(type, (totals.get(type) ?? 0) + events);
    }
    return [...totals].sort((a, b) => b[1] - a[1]);
  }

  readonly subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly version = () => this.#version;
}

export const rateHistory = new RateHistory();

/** Mean over the last five seconds that are over, so that the figure is calm enough to read. */
export function recentRate(nowSecond: number): number {
  let events = 0;
  for (let second = nowSecond - 5; second < nowSecond; second++) {
    for (const count of Object.values(rateHistory.at(second) ?? {})) events += count;
  }
  return events / 5;
}
