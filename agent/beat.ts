/**
 * Milliseconds until the next multiple of `ms` by the clock. Timers on one beat wake the agent once for all of them:
 * waking up costs more than most of what is done then.
 */
export function untilBeat(ms: number): number {
  return ms - (Date.now() % ms);
}
