/** Waits between attempts: full jitter over a bound that doubles from `minMs` to `maxMs`. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #boundMs: number;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#boundMs = minMs;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const wait = this.#minMs / 2 + Math.random() * this.#boundMs;
    this.#boundMs = Math.min(this.#maxMs, this.#boundMs * 2);
    return wait;
  }

  reset(): void {
    this.#boundMs = this.#minMs;
  }
}
