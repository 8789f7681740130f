/** Over which load is measured, so that one burst changes nothing. */
const windowMs = 4000;
/** The filter is widened once load has been so far under the bound for so long. */
const calmShare = 0.25;
const calmMs = 60_000;
/** Each time that turns out to be too early, the next attempt waits twice as long, up to this. */
const maxCalmMs = 30 * 60_000;

/**
 * Says when decoding takes more of the processor than it may, and when there is room again. Narrowing is prompt,
 * widening slow.
 */
export class LoadControl {
  readonly #mostShare: number;
  #windowStartMs: number;
  #spentMs = 0;
  #calmSinceMs: number;
  #calmNeededMs = calmMs;
  #widenedAtMs = Number.NEGATIVE_INFINITY;

  /** `mostShare` of one processor; `nowMs` of a clock that never goes back. */
  constructor(mostShare: number, nowMs: number) {
    this.#mostShare = mostShare;
    this.#windowStartMs = nowMs;
    this.#calmSinceMs = nowMs;
  }

  /** Takes what was spent since the last call. A capture that overran is always told to narrow. */
  measure(spentMs: number, nowMs: number, overran: boolean): 'narrow' | 'widen' | undefined {
    this.#spentMs += spentMs;
    const elapsedMs = nowMs - this.#windowStartMs;
    if (!overran && elapsedMs < windowMs) return undefined;
    const share = this.#spentMs / Math.max(elapsedMs, windowMs);
    this.#windowStartMs = nowMs;
    this.#spentMs = 0;
    if (overran || share > this.#mostShare) return this.#narrow(nowMs);
    if (share > this.#mostShare * calmShare) this.#calmSinceMs = nowMs;
    if (nowMs - this.#calmSinceMs < this.#calmNeededMs) return undefined;
    this.#calmSinceMs = nowMs;
    this.#widenedAtMs = nowMs;
    return 'widen';
  }

  #narrow(nowMs: number): 'narrow' {
    const isRelapse = nowMs - this.#widenedAtMs < calmMs;
    this.#calmNeededMs = isRelapse ? Math.min(maxCalmMs, this.#calmNeededMs * 2) : calmMs;
    this.#calmSinceMs = nowMs;
    return 'narrow';
  }
}
