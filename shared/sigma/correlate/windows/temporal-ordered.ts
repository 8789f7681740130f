import { RuleRingWindow } from './rule-ring.ts';
import type { Hit, WindowContext, WindowKind } from './window.ts';

/**
 * Events of the rules in their order, within the timespan, both ends included. Times may be equal; then the events
 * must have arrived in the order asked for. Judged is the shortest such row through the event: before it the last
 * ones that fit, after it (where it came late) the first ones.
 */
class TemporalOrderedWindow extends RuleRingWindow {
  /** By rule: its place in the row asked for; -1 where the condition leaves it out. */
  readonly #stages: Int32Array;
  readonly #length: number;
  readonly #row: Int32Array;

  constructor(context: WindowContext) {
    super(context);
    const { refers, sequence } = context.correlation;
    this.#stages = new Int32Array(refers.length).fill(-1);
    for (const [stage, rule] of sequence.entries()) this.#stages[rule] = stage;
    this.#length = sequence.length;
    this.#row = new Int32Array(sequence.length);
  }

  protected override judge(group: number, at: number, oldestEnd: number): Hit | null {
    const { ring } = this;
    const stage = this.#stageAt(group, at);
    const last = this.#length - 1;
    if (stage < 0 || (stage < last && at === ring.size(group) - 1)) return null;
    this.#row[stage] = at;
    if (!this.#findBefore(group, at, stage) || !this.#findAfter(group, at, stage, oldestEnd)) return null;
    const firstAt = ring.timeAt(group, this.#row[0]!);
    const lastAt = ring.timeAt(group, this.#row[last]!);
    if (lastAt - firstAt > this.spanUs || lastAt < oldestEnd) return null;
    const places = [...this.#row];
    return {
      firstAt,
      lastAt,
      value: places.length,
      events: places.length,
      eventIds: () => places.map((place) => ring.idAt(group, place)),
    };
  }

  #findBefore(group: number, at: number, stage: number): boolean {
    const { ring } = this;
    const oldest = ring.timeAt(group, at) - this.spanUs;
    let wanted = stage - 1;
    for (let place = at - 1; wanted >= 0 && place >= 0; place--) {
      if (ring.timeAt(group, place) < oldest) return false;
      if (this.#stageAt(group, place) === wanted) this.#row[wanted--] = place;
    }
    return wanted < 0;
  }

  /** The first events that fit; the last of them no earlier than windows are still judged. */
  #findAfter(group: number, at: number, stage: number, oldestEnd: number): boolean {
    const { ring } = this;
    const last = this.#length - 1;
    const latest = ring.timeAt(group, at) + this.spanUs;
    const size = ring.size(group);
    let wanted = stage + 1;
    for (let place = at + 1; wanted < this.#length && place < size; place++) {
      const time = ring.timeAt(group, place);
      if (time > latest) return false;
      if (wanted === last && time < oldestEnd) continue;
      if (this.#stageAt(group, place) === wanted) this.#row[wanted++] = place;
    }
    return wanted === this.#length;
  }

  #stageAt(group: number, at: number): number {
    return this.#stages[this.ring.tagAt(group, at)]!;
  }

  /**
   * A final event decides nothing when another final one of its rule follows before any of the next rule: whatever
   * begins with it can begin with that one.
   */
  protected override usefulness(group: number): (at: number, isFinal: boolean) => boolean {
    const earliest = new Int32Array(this.#length + 1).fill(-1);
    const earliestFinal = new Int32Array(this.#length).fill(-1);
    return (at, isFinal) => {
      const stage = this.#stageAt(group, at);
      if (stage < 0) return false;
      const same = earliestFinal[stage]!;
      const next = earliest[stage + 1]!;
      if (isFinal && same >= 0 && (next < 0 || next > same)) return false;
      earliest[stage] = at;
      if (isFinal) earliestFinal[stage] = at;
      return true;
    };
  }
}

export const temporalOrdered: WindowKind = {
  groupDoubles: 0,
  make: (context) => new TemporalOrderedWindow(context),
};
