import type { CountRange } from '../document.ts';
import { evidenceBound, type Seen, type Window, type WindowHit } from './window.ts';

/** Events that come late by at most this (or the timespan, if shorter) are put in their place. Microseconds. */
export const latenessUs = 60e6;

/** Windows looked at for one late event. */
const lateLooks = 128;

/** How many times the head may idle before the arrays are cut. */
const compactAt = 1_024;

/**
 * Counts events in sliding windows of event time: those no older than the timespan before the newest one of the
 * window, both ends included. Amortised constant time per event in order. Keeps no more events than decide the
 * condition.
 */
export class EventCountWindow implements Window {
  readonly #spanUs: number;
  readonly #range: CountRange;
  readonly #keep: number;
  #times: number[] = [];
  #ids: string[] = [];
  #head = 0;

  constructor(spanUs: number, range: CountRange) {
    this.#spanUs = spanUs;
    this.#range = range;
    const decisive = Number.isFinite(range.most) ? range.most + 1 : range.least;
    this.#keep = 2 * Math.max(decisive, (range.not ?? 0) + 1) + 16;
  }

  get newestAt(): number {
    return this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  add({ time, eventId }: Seen): WindowHit | null {
    const oldest = this.newestAt - this.#spanUs - Math.min(latenessUs, this.#spanUs);
    if (time < oldest) return null;
    const at = this.#insert(time, eventId);
    this.#evict();
    const last = Math.min(this.#times.length - 1, at + lateLooks);
    for (let end = Math.max(at, this.#head); end <= last; end++) {
      const hit = this.#windowEndingAt(end);
      if (hit !== null && hit.firstAt <= time) return hit;
    }
    return null;
  }

  #insert(time: number, eventId: string): number {
    let at = this.#times.length;
    while (at > this.#head && this.#times[at - 1]! > time) at--;
    if (at === this.#times.length) {
      this.#times.push(time);
      this.#ids.push(eventId);
    } else {
      this.#times.splice(at, 0, time);
      this.#ids.splice(at, 0, eventId);
    }
    return at;
  }

  #evict(): void {
    const oldest = this.newestAt - this.#spanUs - Math.min(latenessUs, this.#spanUs);
    while (this.#times[this.#head]! < oldest || this.#times.length - this.#head > this.#keep) this.#head++;
  }

  #windowEndingAt(end: number): WindowHit | null {
    const start = this.#firstFrom(this.#times[end]! - this.#spanUs, end);
    const count = end - start + 1;
    const { least, most, not } = this.#range;
    if (count < least || count > most || count === not) return this.#compact();
    const eventIds = () => this.#ids.slice(Math.max(start, end + 1 - evidenceBound), end + 1);
    return { firstAt: this.#times[start]!, lastAt: this.#times[end]!, count, eventIds };
  }

  /** Index of the first time not before `time`, at most `end`. */
  #firstFrom(time: number, end: number): number {
    let [low, high] = [this.#head, end];
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#times[mid]! < time) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  #compact(): null {
    if (this.#head >= compactAt && this.#head * 2 >= this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#ids = this.#ids.slice(this.#head);
      this.#head = 0;
    }
    return null;
  }
}
