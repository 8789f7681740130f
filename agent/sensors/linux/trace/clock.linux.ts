/** Beyond this the system's clock was set, or differs from the runtime's for another reason. */
const driftMs = 2;

/** Nanoseconds since the Unix epoch, finer than the milliseconds of `Date` as long as nobody sets the clock. */
function wallNs(): number {
  const fine = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  return (Math.abs(fine - coarse) <= driftMs ? fine : coarse) * 1e6;
}

/**
 * Ties the trace clock (`boot`: nanoseconds since boot, suspended time included) to the system's clock. Follows
 * clock jumps at once and suspension at the next `set`.
 */
export class TraceClock {
  /** Trace clock minus the runtime's monotonic clock. */
  #aheadNs = 0;

  /** Tells what the trace clock says now. */
  set(nowNs: number): void {
    this.#aheadNs = nowNs - performance.now() * 1e6;
  }

  /** The trace clock now, in nanoseconds. */
  nowNs(): number {
    return performance.now() * 1e6 + this.#aheadNs;
  }

  /** What must be added to the trace clock to get nanoseconds since the Unix epoch. */
  offsetNs(): number {
    return wallNs() - this.nowNs();
  }
}
