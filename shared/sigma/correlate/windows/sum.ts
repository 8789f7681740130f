import type { EventRing } from '../memory/event-ring.ts';
import { type GroupTable, groupDouble, groupWord } from '../memory/group-table.ts';
import type { Statistic, StatisticKind } from './statistic.ts';

/** What the sum misses by rounding, kept beside it. */
const own = { sum: groupDouble.own, missed: groupDouble.own + 1 } as const;
/** Word of a group: numbers that have left since the sum was last made anew. */
const left = groupWord.own + 5;

/**
 * A compensated running sum (Neumaier, ZAMM 54, 1974). Once as many numbers have left as are there it is made anew
 * from those, so that rounding does not build up and an overflow does not stay; that costs each number one addition
 * more.
 */
class RunningSum implements Statistic {
  readonly bytes = 0;
  readonly #groups: GroupTable;
  readonly #ring: EventRing;
  readonly #isMean: boolean;

  constructor(groups: GroupTable, ring: EventRing, isMean: boolean) {
    this.#groups = groups;
    this.#ring = ring;
    this.#isMean = isMean;
  }

  hasRoom(): boolean {
    return true;
  }

  enter(group: number, at: number): void {
    this.#add(group, this.#ring.numberAt(group, at));
  }

  leave(group: number): void {
    const { words } = this.#groups.records;
    const word = group * this.#groups.stride * 2 + left;
    const size = this.#ring.size(group) - 1;
    if (++words[word]! < size && Number.isFinite(this.#sum(group))) {
      this.#add(group, -this.#ring.numberAt(group, 0));
      return;
    }
    words[word] = 0;
    this.#reset(group);
    for (let at = 1; at <= size; at++) this.#add(group, this.#ring.numberAt(group, at));
  }

  valueOf(group: number): number {
    const sum = this.#sum(group);
    return this.#isMean ? sum / this.#ring.size(group) : sum;
  }

  #add(group: number, value: number): void {
    const { doubles } = this.#groups.records;
    const at = group * this.#groups.stride;
    const sum = doubles[at + own.sum]!;
    const next = sum + value;
    const missed = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    doubles[at + own.sum] = next;
    doubles[at + own.missed]! += missed;
  }

  #sum(group: number): number {
    const { doubles } = this.#groups.records;
    const at = group * this.#groups.stride;
    const sum = doubles[at + own.sum]!;
    // Beyond the largest double the compensation is not a number.
    return Number.isFinite(sum) ? sum + doubles[at + own.missed]! : sum;
  }

  #reset(group: number): void {
    const at = group * this.#groups.stride;
    this.#groups.records.doubles.fill(0, at + own.sum, at + own.missed + 1);
  }
}

export const sum: StatisticKind = {
  groupDoubles: 2,
  eventDoubles: 1,
  make: (groups, ring) => new RunningSum(groups, ring, false),
};

export const mean: StatisticKind = {
  groupDoubles: 2,
  eventDoubles: 1,
  make: (groups, ring) => new RunningSum(groups, ring, true),
};
