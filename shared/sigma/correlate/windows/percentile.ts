import type { Budget } from '../memory/budget.ts';
import type { EventRing } from '../memory/event-ring.ts';
import { type GroupTable, groupWord } from '../memory/group-table.ts';
import { OrderTree } from '../memory/order-tree.ts';
import type { Statistic, StatisticKind } from './statistic.ts';

/** Word of a group: the root of its tree. */
const root = groupWord.own + 5;

/** The number at a percentile by nearest rank: the smallest that at least that share of the numbers do not exceed. */
class Percentile implements Statistic {
  readonly #groups: GroupTable;
  readonly #ring: EventRing;
  readonly #percentile: number;
  readonly #tree: OrderTree;

  constructor(groups: GroupTable, ring: EventRing, percentile: number, budget: Budget) {
    this.#groups = groups;
    this.#ring = ring;
    this.#percentile = percentile;
    this.#tree = new OrderTree(budget);
  }

  get bytes(): number {
    return this.#tree.bytes;
  }

  hasRoom(): boolean {
    return this.#tree.hasRoom();
  }

  enter(group: number, at: number): void {
    const node = this.#tree.node(this.#ring.numberAt(group, at));
    this.#ring.setTag(group, at, node);
    this.#setRoot(group, this.#tree.insert(this.#root(group), node));
  }

  leave(group: number): void {
    this.#setRoot(group, this.#tree.remove(this.#root(group), this.#ring.tagAt(group, 0)));
  }

  valueOf(group: number): number {
    const size = this.#ring.size(group);
    // Divided last: a tenth of ten must not round up to two.
    const rank = Math.max(1, Math.ceil((this.#percentile * size) / 100));
    return this.#tree.at(this.#root(group), rank);
  }

  #root(group: number): number {
    return this.#groups.records.words[group * this.#groups.stride * 2 + root]!;
  }

  #setRoot(group: number, value: number): void {
    this.#groups.records.words[group * this.#groups.stride * 2 + root] = value;
  }
}

export function percentile(share: number): StatisticKind {
  return {
    groupDoubles: 0,
    eventDoubles: 2,
    make: (groups, ring, budget) => new Percentile(groups, ring, share, budget),
  };
}
