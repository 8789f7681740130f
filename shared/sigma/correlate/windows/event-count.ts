import { correlationBounds, latenessOf } from '../bounds.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { EventRing } from '../memory/event-ring.ts';
import { groupWord } from '../memory/group-table.ts';
import { readRing, writeRing } from './ring-state.ts';
import { type Hit, isWithin, type Seen, type Window, type WindowContext, type WindowKind } from './window.ts';

/** Windows judged for one late event; beyond them only the newest. */
export const lateLooks = 64;

/** Word of a group: 1 while events that a window might still hold have left for being more than decide. */
const cut = groupWord.own + 5;

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
  /** Whether more events never undo a hit. */
  readonly #isOpenEnded: boolean;
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
    this.#isOpenEnded = !Number.isFinite(most) && not === null;
    this.#keep = 2 * decisive + lateLooks;
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
    if (time < newestAt && this.#isCut(group) && time < this.#ring.timeAt(group, 0)) {
      this.#context.counts.dropped++;
      return null;
    }
    const at = this.#ring.insert(group, time, this.#context.sources.hold(source), index);
    if (time < newestAt) return this.#judgeLate(group, at, newestAt);
    this.#slide(group, time);
    const end = this.#ring.size(group) - 1;
    return this.#judge(group, this.#ring.mark(group), end);
  }

  /**
   * Moves the start of the newest window and lets go of what no window needs. The ring's mark is where that start
   * was last, or before it.
   */
  #slide(group: number, time: number): void {
    const ring = this.#ring;
    let start = ring.mark(group);
    while (ring.timeAt(group, start) < time - this.#spanUs) start++;
    ring.setMark(group, start);
    let leaving = 0;
    while (ring.timeAt(group, leaving) < time - this.#spanUs - this.#latenessUs) leaving++;
    if (leaving > 0) {
      // Whatever left for room before is older still.
      ring.dropFirst(group, leaving);
      this.#setCut(group, 0);
    }
    this.#dropSurplus(group);
  }

  /** Lets go of what is more than decides, oldest first, so that what left is always older than what is kept. */
  #dropSurplus(group: number): number {
    const surplus = this.#ring.size(group) - this.#keep;
    if (surplus <= 0) return 0;
    this.#ring.dropFirst(group, surplus);
    this.#setCut(group, 1);
    return surplus;
  }

  #isCut(group: number): boolean {
    const { records, stride } = this.#context.groups;
    return records.words[group * stride * 2 + cut] === 1;
  }

  #setCut(group: number, value: number): void {
    const { records, stride } = this.#context.groups;
    records.words[group * stride * 2 + cut] = value;
  }

  #judgeLate(group: number, place: number, newestAt: number): Hit | null {
    const ring = this.#ring;
    const at = place - this.#dropSurplus(group);
    if (at < 0) return null;
    const last = ring.size(group) - 1;
    const first = Math.max(at, ring.firstFrom(group, newestAt - this.#latenessUs));
    for (let end = first; end <= last; end++) {
      if (end - first === lateLooks) end = last;
      const start = ring.firstFrom(group, ring.timeAt(group, end) - this.#spanUs);
      if (start > at) return null;
      // Of a window that events have left from only the least count is known.
      if (start === 0 && end < last && !this.#isOpenEnded && this.#isCut(group)) continue;
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
    out.count(this.#isCut(group) ? 1 : 0);
  }

  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void {
    readRing(this.#ring, this.#context.sources, group, from, sourceOf);
    this.#setCut(group, from.count());
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
