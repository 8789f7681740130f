import type { Condition } from '../../document.ts';
import { lateLooks } from './event-count.ts';
import { RuleRingWindow } from './rule-ring.ts';
import { type Hit, isWithin, type WindowContext, type WindowKind } from './window.ts';

/**
 * Which of the rules were seen in a window that ends at an event, both ends included: as many as the condition asks,
 * or such that its expression holds. Of each rule the last event counts, and those are the evidence.
 */
class TemporalWindow extends RuleRingWindow {
  readonly #range;
  readonly #expression: Condition | null;
  /** By rule: the place of its last event in the window that is looked at; -1 where it was not seen. */
  readonly #last: Int32Array;

  constructor(context: WindowContext) {
    super(context);
    const { rule, refers, expression } = context.correlation;
    this.#range = rule.range;
    this.#expression = expression;
    this.#last = new Int32Array(refers.length);
  }

  protected override judge(group: number, at: number, oldestEnd: number): Hit | null {
    const { ring } = this;
    const final = ring.size(group) - 1;
    const first = Math.max(at, at === final ? at : ring.firstFrom(group, oldestEnd));
    for (let end = first; end <= final; end++) {
      if (end - first === lateLooks) end = final;
      if (ring.timeAt(group, at) < ring.timeAt(group, end) - this.spanUs) return null;
      const count = this.#look(group, end);
      const isMet =
        this.#expression === null ? isWithin(count, this.#range) : holds(this.#expression, this.#last);
      if (isMet) return this.#hit(group, end, count);
    }
    return null;
  }

  /** Finds the last event of each rule; gives how many were seen. */
  #look(group: number, end: number): number {
    const { ring } = this;
    const oldest = ring.timeAt(group, end) - this.spanUs;
    this.#last.fill(-1);
    let count = 0;
    for (let at = end; at >= 0 && count < this.#last.length; at--) {
      if (ring.timeAt(group, at) < oldest) break;
      const rule = ring.tagAt(group, at);
      if (this.#last[rule]! >= 0) continue;
      this.#last[rule] = at;
      count++;
    }
    return count;
  }

  #hit(group: number, end: number, count: number): Hit {
    const { ring } = this;
    const places = this.#last.filter((at) => at >= 0).sort();
    return {
      firstAt: ring.timeAt(group, places[0]!),
      lastAt: ring.timeAt(group, end),
      value: count,
      events: count,
      eventIds: () => Array.from(places, (at) => ring.idAt(group, at)),
    };
  }

  /** Of final events the last of each rule. */
  protected override usefulness(group: number): (at: number, isFinal: boolean) => boolean {
    const seen = new Set<number>();
    return (at, isFinal) => {
      if (!isFinal) return true;
      const rule = this.ring.tagAt(group, at);
      return !seen.has(rule) && seen.add(rule) !== undefined;
    };
  }
}

/** Whether an expression over rules, named by their order, holds. */
function holds(condition: Condition, last: Int32Array): boolean {
  switch (condition.op) {
    case 'selection':
      return last[Number(condition.name)]! >= 0;
    case 'not':
      return !holds(condition.of, last);
    case 'and':
      return condition.of.every((part) => holds(part, last));
    case 'or':
      return condition.of.some((part) => holds(part, last));
    case 'at-least':
      return condition.of.filter((part) => holds(part, last)).length >= condition.least;
  }
}

export const temporal: WindowKind = {
  groupDoubles: 0,
  make: (context) => new TemporalWindow(context),
};
