import { latenessOf } from '../bounds.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { EventRing } from '../memory/event-ring.ts';
import { readRing, writeRing } from './ring-state.ts';
import type { Hit, Seen, Window, WindowContext } from './window.ts';

/** Events kept of one group before those that cannot matter are looked for. */
const thinAt = 256;

/**
 * What the temporal types share: events of each group in order, each with the rule it is of. Of events older than
 * the lateness only those that may still decide are kept.
 */
export abstract class RuleRingWindow implements Window {
  protected readonly context: WindowContext;
  protected readonly ring: EventRing;
  protected readonly spanUs: number;
  protected readonly latenessUs: number;
  readonly #thinAt: number;

  constructor(context: WindowContext) {
    this.context = context;
    this.ring = new EventRing(context.groups, context.sources, 1, context.budget);
    this.spanUs = context.correlation.rule.timespanUs;
    this.latenessUs = latenessOf(this.spanUs);
    this.#thinAt = thinAt + 4 * context.correlation.refers.length ** 2;
  }

  get bytes(): number {
    return this.ring.bytes;
  }

  hasRoom(): boolean {
    return this.ring.hasRoom();
  }

  /** Judges the windows the event at `at` falls in, as far as they end at `oldestEnd` or later. */
  protected abstract judge(group: number, at: number, oldestEnd: number): Hit | null;

  /**
   * Asked of each event from the last to the first whether it may still decide; `isFinal` where no event can come
   * before it any more in time.
   */
  protected abstract usefulness(group: number): (at: number, isFinal: boolean) => boolean;

  add(group: number, { time, source, index, reference }: Seen, newestAt: number): Hit | null {
    if (time < newestAt - this.latenessUs - this.spanUs) {
      this.context.counts.tooLate++;
      return null;
    }
    const { ring } = this;
    if (ring.size(group) >= this.#thinAt) this.#thin(group, Math.max(newestAt, time));
    const at = ring.insert(group, time, this.context.sources.hold(source), index);
    ring.setTag(group, at, reference);
    if (time < newestAt) return this.judge(group, at, newestAt - this.latenessUs);
    let leaving = 0;
    while (ring.timeAt(group, leaving) < time - this.latenessUs - this.spanUs) leaving++;
    if (leaving > 0) ring.dropFirst(group, leaving);
    return this.judge(group, ring.size(group) - 1, time);
  }

  /** Leaves at most half of the events at which thinning begins. */
  #thin(group: number, newestAt: number): void {
    const { ring } = this;
    const useful = this.usefulness(group);
    ring.thin(group, (at) => useful(at, ring.timeAt(group, at) < newestAt - this.latenessUs));
    if (ring.size(group) <= this.#thinAt / 2) return;
    const before = ring.size(group);
    const decisive = this.usefulness(group);
    let spare = this.#thinAt / 4;
    ring.thin(group, (at) => decisive(at, true) || spare-- > 0);
    this.context.counts.dropped += before - ring.size(group);
  }

  clear(group: number): void {
    this.ring.clear(group);
  }

  writeShared(): void {}
  readShared(): void {}
  endRead(): void {}

  write(group: number, out: ByteWriter): void {
    writeRing(this.ring, group, out, (at) => out.count(this.ring.tagAt(group, at)));
  }

  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void {
    readRing(this.ring, this.context.sources, group, from, sourceOf, (at) =>
      this.ring.setTag(group, at, from.count()),
    );
  }
}
