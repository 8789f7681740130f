/** An event a correlation saw. Times in microseconds. */
export interface Seen {
  readonly time: number;
  readonly eventId: string;
  /** What `value_count` counts; null for `event_count`. */
  readonly value: string | null;
}

/** A stretch of time whose count met the condition. */
export interface WindowHit {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
  /** Oldest first, at most `evidenceBound`; made on demand, before the window takes its next event. */
  readonly eventIds: () => readonly string[];
}

/** The events of one group that may still matter. */
export interface Window {
  /** Takes an event; gives the window around it when its count is in range. */
  add(seen: Seen): WindowHit | null;
  readonly newestAt: number;
}

export const evidenceBound = 100;
