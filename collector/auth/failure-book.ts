/** What is waited after so many failures in a row. */
export interface FailureBounds {
  /** Tries before anything is waited. */
  readonly free: number;
  readonly firstWaitMs: number;
  /** The wait doubles with each failure up to this. */
  readonly maxWaitMs: number;
  /** Time without a try after which all is forgotten. */
  readonly forgetMs: number;
  /** Keys that are remembered; beyond it those tried longest ago are forgotten. */
  readonly maxKeys: number;
}

interface Tries {
  readonly count: number;
  /** Milliseconds; no try is taken before. */
  readonly nextAt: number;
  readonly lastAt: number;
  /** Whether one was turned away since. */
  readonly isTold: boolean;
}

export type Allowance = { readonly isAllowed: true } | Refused;
interface Refused {
  readonly isAllowed: false;
  readonly waitMs: number;
  /** The first that is turned away in this wait. */
  readonly isFirst: boolean;
}

/**
 * Counts tries by a key. A try counts as failed from its beginning, so that many at once are not more than the same
 * one after another; who succeeds takes it back.
 */
export class FailureBook {
  readonly counters = { refused: 0, forgotten: 0 };
  readonly #bounds: FailureBounds;
  readonly #tries = new Map<string, Tries>();

  constructor(bounds: FailureBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#tries.size;
  }

  /** Whether a try may be made now, without making it. */
  look(key: string, now: number): Allowance {
    const tries = this.#recent(key, now);
    if (tries === undefined || now >= tries.nextAt) return { isAllowed: true };
    this.counters.refused++;
    this.#tries.set(key, { ...tries, isTold: true });
    return { isAllowed: false, waitMs: tries.nextAt - now, isFirst: !tries.isTold };
  }

  /** Counts a try. */
  begin(key: string, now: number): void {
    const { free, firstWaitMs, maxWaitMs, maxKeys } = this.#bounds;
    const count = (this.#recent(key, now)?.count ?? 0) + 1;
    const waitMs = count <= free ? 0 : Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(30, count - free - 1));
    this.#tries.delete(key);
    this.#tries.set(key, { count, nextAt: now + waitMs, lastAt: now, isTold: false });
    if (this.#tries.size <= maxKeys) return;
    const [oldest] = this.#tries.keys();
    if (oldest !== undefined) this.#tries.delete(oldest);
    this.counters.forgotten++;
  }

  /** Takes one try back, with its wait. */
  takeBack(key: string): void {
    const tries = this.#tries.get(key);
    if (tries === undefined) return;
    if (tries.count <= 1) this.#tries.delete(key);
    else this.#tries.set(key, { ...tries, count: tries.count - 1, nextAt: tries.lastAt });
  }

  clear(key: string): void {
    this.#tries.delete(key);
  }

  #recent(key: string, now: number): Tries | undefined {
    const tries = this.#tries.get(key);
    return tries === undefined || now - tries.lastAt > this.#bounds.forgetMs ? undefined : tries;
  }
}
