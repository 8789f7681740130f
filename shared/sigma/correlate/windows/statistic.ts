import type { Budget } from '../memory/budget.ts';
import type { EventRing } from '../memory/event-ring.ts';
import type { GroupTable } from '../memory/group-table.ts';

/** A figure of the numbers in each group's window, kept up as numbers come and go. */
export interface Statistic {
  readonly bytes: number;
  hasRoom(): boolean;
  /** The event at `at` is new; its number is in the ring. */
  enter(group: number, at: number): void;
  /** The first event is about to leave. */
  leave(group: number): void;
  /** The figure; the group has at least one event. */
  valueOf(group: number): number;
}

export interface StatisticKind {
  /** Room in each group's record and in each event, its number included. */
  readonly groupDoubles: number;
  readonly eventDoubles: number;
  readonly make: (groups: GroupTable, ring: EventRing, budget: Budget) => Statistic;
}
