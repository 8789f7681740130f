export interface FeedCounters {
  /** Connected now. */
  clients: number;
  /** Dropped for being slow, since the start. */
  dropped: number;
  /** Turned away because there were too many. */
  refused: number;
}
