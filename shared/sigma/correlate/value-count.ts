import type { CountRange } from '../document.ts';
import { evidenceBound, type Seen, type Window, type WindowHit } from './window.ts';

/** Distinct values one group may hold; beyond it the one seen longest ago goes. */
export const valueBound = 200_000;

/**
 * Counts distinct values in a sliding window of event time that ends at the newest event. Values are kept in order
 * of when they were last seen, so that each costs constant time however long the window. An event that comes late
 * counts as if it came with the newest, unless it is older than the window.
 */
export class ValueCountWindow implements Window {
  readonly #spanUs: number;
  readonly #range: CountRange;
  readonly #seen = new Map<string, { readonly time: number; readonly eventId: string }>();
  #newestAt = Number.NEGATIVE_INFINITY;

  constructor(spanUs: number, range: CountRange) {
    this.#spanUs = spanUs;
    this.#range = range;
  }

  get newestAt(): number {
    return this.#newestAt;
  }

  add({ time, eventId, value }: Seen): WindowHit | null {
    if (value === null || time < this.#newestAt - this.#spanUs) return null;
    this.#newestAt = Math.max(this.#newestAt, time);
    this.#seen.delete(value);
    this.#seen.set(value, { time: this.#newestAt, eventId });
    for (const [key, last] of this.#seen) {
      if (last.time >= this.#newestAt - this.#spanUs && this.#seen.size <= valueBound) break;
      this.#seen.delete(key);
    }
    const { least, most, not } = this.#range;
    const count = this.#seen.size;
    return count < least || count > most || count === not ? null : this.#hit(count);
  }

  #hit(count: number): WindowHit {
    const [oldest] = this.#seen.values();
    const eventIds = () =>
      [...this.#seen.values().drop(Math.max(0, count - evidenceBound))].map((s) => s.eventId);
    return { firstAt: oldest!.time, lastAt: this.#newestAt, count, eventIds };
  }
}
