import type { RatePoint } from './store/contract.ts';

/** Seconds kept. */
const window = 900;

/** Events stored in each second of the last 15 minutes, by type. */
export class Rates {
  readonly #points = new Map<number, Record<string, number>>();

  /** Points of before this start, read from the journal. */
  seed(points: readonly RatePoint[]): void {
    for (const { second, counts } of points) this.add(counts, second);
  }

  add(counts: Readonly<Record<string, number>>, second: number): void {
    let point = this.#points.get(second);
    if (point === undefined) {
      point = {};
      this.#points.set(second, point);
      for (const old of this.#points.keys()) if (old < second - window) this.#points.delete(old);
    }
    for (const [type, n] of Object.entries(counts)) point[type] = (point[type] ?? 0) + n;
  }

  /** One second; zero events when nothing was stored in it. */
  at(second: number): RatePoint {
    return { second, counts: this.#points.get(second) ?? {} };
  }

  all(): readonly RatePoint[] {
    return [...this.#points]
      .map(([second, counts]) => ({ second, counts }))
      .sort((a, b) => a.second - b.second);
  }
}
