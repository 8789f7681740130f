import { correlationBounds } from '../bounds.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { EventRing } from '../memory/event-ring.ts';
import { idsOf } from './event-count.ts';
import { readRing, writeRing } from './ring-state.ts';
import type { Statistic, StatisticKind } from './statistic.ts';
import { type Hit, isWithin, type Seen, type Window, type WindowContext, type WindowKind } from './window.ts';

/**
 * Compares a figure of the numbers in the window that ends at the newest event, both ends included. An event that
 * comes late counts in that window if it falls in it; windows that ended before are not judged again.
 */
class FigureWindow implements Window {
  readonly #context: WindowContext;
  readonly #ring: EventRing;
  readonly #statistic: Statistic;
  readonly #spanUs: number;
  readonly #range;

  constructor(context: WindowContext, kind: StatisticKind) {
    this.#context = context;
    this.#ring = new EventRing(context.groups, context.sources, kind.eventDoubles, context.budget);
    this.#statistic = kind.make(context.groups, this.#ring, context.budget);
    this.#spanUs = context.correlation.rule.timespanUs;
    this.#range = context.correlation.rule.range;
  }

  get bytes(): number {
    return this.#ring.bytes + this.#statistic.bytes;
  }

  hasRoom(): boolean {
    return this.#ring.hasRoom() && this.#statistic.hasRoom();
  }

  add(group: number, { time, source, index, number }: Seen, newestAt: number): Hit | null {
    if (time < newestAt - this.#spanUs) {
      this.#context.counts.tooLate++;
      return null;
    }
    this.#enter(group, this.#ring.insert(group, time, this.#context.sources.hold(source), index), number);
    const now = Math.max(newestAt, time);
    while (this.#ring.timeAt(group, 0) < now - this.#spanUs) this.#leave(group);
    if (this.#ring.size(group) > correlationBounds.valuesPerGroup) {
      this.#context.counts.dropped++;
      this.#leave(group);
    }
    const value = this.#statistic.valueOf(group);
    const size = this.#ring.size(group);
    if (!isWithin(value, this.#range)) return null;
    const eventIds = () => idsOf(this.#ring, group, 0, size - 1);
    return { firstAt: this.#ring.timeAt(group, 0), lastAt: now, value, events: size, eventIds };
  }

  #enter(group: number, at: number, number: number): void {
    this.#ring.setNumber(group, at, number);
    this.#statistic.enter(group, at);
  }

  #leave(group: number): void {
    this.#statistic.leave(group);
    this.#ring.dropFirst(group, 1);
  }

  clear(group: number): void {
    while (this.#ring.size(group) > 0) this.#leave(group);
    this.#ring.clear(group);
  }

  writeShared(): void {}
  readShared(): void {}
  endRead(): void {}

  write(group: number, out: ByteWriter): void {
    writeRing(this.#ring, group, out, (at) => out.double(this.#ring.numberAt(group, at)));
  }

  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void {
    readRing(this.#ring, this.#context.sources, group, from, sourceOf, (at) =>
      this.#enter(group, at, from.double()),
    );
  }
}

export function figureOf(kind: StatisticKind): WindowKind {
  return { groupDoubles: kind.groupDoubles, make: (context) => new FigureWindow(context, kind) };
}
