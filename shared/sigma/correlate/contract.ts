import type { CompiledCorrelation } from '../compile/correlation.ts';

/** A match as correlations take it. Read during the call only, so that one object may serve many. */
export interface CorrelationEvent {
  /** Microseconds since the epoch. */
  readonly time: number;
  /** What the event's id begins with; events that came together share it. */
  readonly source: string;
  /** What its id ends with: a whole number from 0 to 2^31 - 1, or -1 where the source is all of it. */
  readonly index: number;
  /** A field by the name rules use, as text; null when absent. */
  readonly field: (name: string) => string | null;
}

/** A condition that is met, as part of an episode: firings of a group that follow one another within the timespan. */
export interface Firing {
  readonly correlation: CompiledCorrelation;
  /** Which of the rules referred to `event` is of, by their order. */
  readonly reference: number;
  /** Values of the group-by fields, in their order. */
  readonly groupValues: readonly (string | null)[];
  /** What the condition was compared with: events, values, rules, or the figure. */
  readonly value: number;
  /** Events that make up the window; of `value_count` and the temporal types those that count. */
  readonly events: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Oldest first, at most 100. Of a firing that goes on, the one event it adds. */
  readonly eventIds: readonly string[];
  /** Identifies the episode within the group; the same after a restart that took up a snapshot or history. */
  readonly episodeAt: number;
  /** False when the episode had fired before. */
  readonly isNew: boolean;
  /** The event that made it fire; through a chain, the firing it came by. For the time of the call. */
  readonly event: CorrelationEvent;
}

/** What one correlation holds and what became of its events, since it was made. */
export interface CorrelationStats {
  readonly id: string;
  readonly title: string;
  readonly groups: number;
  /** Of its pools, as they are allocated. */
  readonly bytes: number;
  readonly fed: number;
  readonly fired: number;
  /** Groups that left for room while they still might have mattered. */
  readonly evicted: number;
  /** Groups that left because nothing had come for three timespans. */
  readonly expired: number;
  /** Events too old for any window that is still judged. */
  readonly tooLate: number;
  /** Events that left a group that had too many. */
  readonly dropped: number;
  /** Events without the value that is counted or reckoned with. */
  readonly unusable: number;
}
