import { correlationBounds, latenessOf } from '../bounds.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { EventRing } from '../memory/event-ring.ts';
import { readRing, writeRing } from './ring-state.ts';
import { type Hit, isWithin, type Seen, type Window, type WindowContext, type WindowKind } from './window.ts';

/** Windows judged for one late event; beyond them only the newest. */
export const lateLooks = 128;

/**
 * Counts events in windows that end at an event and hold those no older than the timespan, both ends included. A
 * late event is put in its place, and the windows it falls in are judged anew as far as they end within the lateness
 * of the newest event. Keeps no more events than decide the condition.
 */
class EventCountWindow implements Window {
  readonly #context: WindowContext;
  readonly #ring: EventRing;
  readonly #spanUs: number;
  readonly #latenessUs: number;
  readonly #range;
  readonly #keep: number;

  constructor(context: WindowContext) {
    const { rule } = context.correlation;
    this.#context = context;
    this.#ring = new EventRing(context.groups, context.sources, 0, context.budget);
    this.#spanUs = rule.timespanUs;
    this.#latenessUs = latenessOf(rule.timespanUs);
    this.#range = rule.range;
    const { least, most, not } = rule.range;
    const decisive = Math.max(Number.isFinite(most) ? most + 1 : least, (not ?? 0) + 1);
    this.#keep = 2 * decisive + 2 * lateLooks;
  }

  get bytes(): number {
    return this.#ring.bytes;
  }

  hasRoom(): boolean {
    return this.#ring.hasRoom();
  }

  add(group: number, { time, source, index }: Seen, newestAt: number): Hit | null {
    if (time < newestAt - this.#latenessUs - this.#spanUs) {
      this.#context.counts.tooLate++;
      return null;
    }
    const at = this.#ring.insert(group, time, this.#context.sources.hold(source), index);
    if (time < newestAt) return this.#judgeLate(group, at, newestAt);
    this.#slide(group, time);
    const end = this.#ring.size(group) - 1;
    return this.#judge(group, this.#ring.mark(group), end);
  }

  /** Moves the start of the newest window (the ring's mark) and lets go of what no window needs. */
  #slide(group: number, time: number): void {
    const ring = this.#ring;
    let start = ring.mark(group);
    while (ring.timeAt(group, start) < time - this.#spanUs) start++;
    ring.setMark(group, start);
    let leaving = 0;
    while (ring.timeAt(group, leaving) < time - this.#spanUs - this.#latenessUs) leaving++;
    leaving = Math.max(leaving, ring.size(group) - this.#keep);
    if (leaving > 0) ring.dropFirst(group, leaving);
  }

  #judgeLate(group: number, at: number, newestAt: number): Hit | null {
    const ring = this.#ring;
    const time = ring.timeAt(group, at);
    if (time < newestAt - this.#spanUs) ring.setMark(group, ring.mark(group) + 1);
    const last = ring.size(group) - 1;
    const first = Math.max(at, ring.firstFrom(group, newestAt - this.#latenessUs));
    for (let end = first; end <= last; end++) {
      if (end - first === lateLooks) end = last;
      const start = ring.firstFrom(group, ring.timeAt(group, end) - this.#spanUs);
      if (start > at) return null;
      const hit = this.#judge(group, start, end);
      if (hit !== null) return hit;
    }
    return null;
  }

  #judge(group: number, start: number, end: number): Hit | null {
    const count = end - start + 1;
    if (!isWithin(count, this.#range)) return null;
    const ring = this.#ring;
    return {
      firstAt: ring.timeAt(group, start),
      lastAt: ring.timeAt(group, end),
      value: count,
      events: count,
      eventIds: () => idsOf(ring, group, start, end),
    };
  }

  clear(group: number): void {
    this.#ring.clear(group);
  }

  writeShared(): void {}
  readShared(): void {}
  endRead(): void {}

  write(group: number, out: ByteWriter): void {
    writeRing(this.#ring, group, out);
    out.count(this.#ring.mark(group));
  }

  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void {
    readRing(this.#ring, this.#context.sources, group, from, sourceOf);
    this.#ring.setMark(group, Math.min(from.count(), Math.max(0, this.#ring.size(group) - 1)));
  }
}

/** Ids of the last events from `start` to `end`, oldest first. */
export function idsOf(ring: EventRing, group: number, start: number, end: number): readonly string[] {
  const from = Math.max(start, end + 1 - correlationBounds.evidence);
  return Array.from({ length: end + 1 - from }, (_, i) => ring.idAt(group, from + i));
}

export const eventCount: WindowKind = {
  groupDoubles: 0,
  make: (context) => new EventCountWindow(context),
};
