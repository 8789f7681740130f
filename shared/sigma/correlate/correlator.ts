import type { CorrelationRule } from '../document.ts';
import { EventCountWindow } from './event-count.ts';
import { ValueCountWindow } from './value-count.ts';
import type { Seen, Window, WindowHit } from './window.ts';

/** Groups kept per correlation; beyond it the one touched longest ago goes, and is counted. */
export const groupBound = 50_000;

/** An episode is cut at multiples of this many timespans, so that history of bounded length rebuilds it. */
const episodeSpans = 10;

/** A condition that is met, as part of an episode: hits that follow one another within the timespan. */
export interface Firing extends Omit<WindowHit, 'eventIds'> {
  /** Oldest first, at most 100. */
  readonly eventIds: readonly string[];
  /** Identifies the episode within the group; the same after a restart that fed `lookbackUs` of history. */
  readonly episodeAt: number;
  /** False when the episode had fired before; then the hit adds one event. */
  readonly isNew: boolean;
}

interface Group {
  readonly window: Window;
  episodeAt: number;
  firedAt: number;
}

/** State of one correlation: windows by group. */
export class Correlator {
  readonly #rule: CorrelationRule;
  readonly #groups = new Map<string, Group>();
  #evicted = 0;

  constructor(rule: CorrelationRule) {
    this.#rule = rule;
  }

  /** Microseconds of history that rebuild the state. */
  get lookbackUs(): number {
    return (episodeSpans + 3) * this.#rule.timespanUs;
  }

  /** Groups dropped for room while they still might have mattered. */
  get evicted(): number {
    return this.#evicted;
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** Takes an event of a rule referred to; gives a firing when its group meets the condition. */
  feed(groupKey: string, seen: Seen): Firing | null {
    const group = this.#groupOf(groupKey, seen.time);
    const hit = group.window.add(seen);
    if (hit === null) return null;
    const span = this.#rule.timespanUs;
    const cut = Math.floor(hit.lastAt / (episodeSpans * span)) * episodeSpans * span;
    const goesOn = hit.lastAt - group.firedAt <= span && group.firedAt >= cut;
    if (!goesOn) group.episodeAt = Math.max(hit.firstAt, cut);
    group.firedAt = Math.max(group.firedAt, hit.lastAt);
    return goesOn
      ? { ...hit, episodeAt: group.episodeAt, isNew: false, firstAt: seen.time, eventIds: [seen.eventId] }
      : { ...hit, episodeAt: group.episodeAt, isNew: true, eventIds: hit.eventIds() };
  }

  /** The group, moved to the young end; idle and surplus ones leave at the old end. */
  #groupOf(key: string, time: number): Group {
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { type, timespanUs, range } = this.#rule;
      const window =
        type === 'value_count'
          ? new ValueCountWindow(timespanUs, range)
          : new EventCountWindow(timespanUs, range);
      group = { window, episodeAt: 0, firedAt: Number.NEGATIVE_INFINITY };
    } else this.#groups.delete(key);
    this.#groups.set(key, group);
    for (const [oldKey, old] of this.#groups) {
      const idle = old !== group && old.window.newestAt < time - 3 * this.#rule.timespanUs;
      if (!idle && this.#groups.size <= groupBound) break;
      this.#groups.delete(oldKey);
      if (!idle) this.#evicted++;
    }
    return group;
  }
}
