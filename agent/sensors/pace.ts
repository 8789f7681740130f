import { setTimeout as sleep } from 'node:timers/promises';

/** Work is let through until it owes so much time: waking up often costs more than the work. */
const restMs = 1000;

/**
 * Keeps work in the background to so many units a second (bytes, files). What was not used in the last second may be
 * used at once, no more.
 */
export class Pace {
  readonly #perSecond: number;
  readonly #ending = new AbortController();
  /** Units that may be spent now; below zero it owes time. */
  #balance: number;
  #atMs = performance.now();

  constructor(unitsPerSecond: number) {
    this.#perSecond = unitsPerSecond;
    this.#balance = unitsPerSecond;
  }

  get isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Resolves when so many units may be spent. Rejects once closed, also while it waits. */
  async spend(units: number): Promise<void> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const nowMs = performance.now();
    const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#balance = Math.min(this.#balance + gained, this.#perSecond) - units;
    this.#atMs = nowMs;
    const owedMs = (-this.#balance / this.#perSecond) * 1000;
    if (owedMs > restMs) await sleep(owedMs, undefined, { signal });
  }

  /** Waits without spending. Rejects once closed. */
  async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal });
  }

  close(): void {
    this.#ending.abort();
  }
}
