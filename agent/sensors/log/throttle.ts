/** Lines a source may be ahead of its rate after a rest, in seconds of the rate. */
const burstSeconds = 2;

/** Lets so many lines a second through, by the clock. What it holds back is not lost: who asks reads it later. */
export class Throttle {
  readonly #perMs: number;
  readonly #most: number;
  #room: number;
  #atMs = Date.now();

  constructor(linesPerSecond: number) {
    this.#perMs = linesPerSecond / 1000;
    this.#most = linesPerSecond * burstSeconds;
    this.#room = this.#most;
  }

  /** Whether one more may pass now. */
  ready(): boolean {
    if (this.#room >= 1) return true;
    this.#refill();
    return this.#room >= 1;
  }

  take(): void {
    this.#room -= 1;
  }

  #refill(): void {
    const nowMs = Date.now();
    this.#room = Math.min(this.#most, this.#room + Math.max(0, nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
