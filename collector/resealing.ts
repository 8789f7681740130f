/** Alerts and answers are written again whenever another key is in force. */
import { type KeyRing, lookMs } from './encryption/key-ring.ts';

export interface ResealingDeps {
  readonly ring: KeyRing;
  /** Gives the rows changed. */
  readonly reseal: () => Promise<number>;
  readonly onDone: (rows: number, key: string | undefined) => void;
  /** It is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Other threads take up a key a little later, and may have written under the one before until then. */
const laterMs = 3 * lookMs;

export class Resealing {
  readonly #o: ResealingDeps;
  readonly #timer: NodeJS.Timeout;
  #done: string | undefined | null = null;
  #isWorking = false;

  constructor(deps: ResealingDeps) {
    this.#o = deps;
    this.#timer = setInterval(() => void this.#look(), lookMs);
    void this.#look();
  }

  /** Some rows may not be under the key in force. */
  get isPending(): boolean {
    return this.#o.ring.isInUse && this.#o.ring.current?.id !== this.#done;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isWorking || !this.isPending) return;
    this.#isWorking = true;
    try {
      const key = this.#o.ring.current?.id;
      let rows = await this.#o.reseal();
      await new Promise((resolve) => setTimeout(resolve, laterMs).unref());
      rows += await this.#o.reseal();
      this.#done = key;
      if (rows > 0) this.#o.onDone(rows, key);
    } catch (error) {
      this.#o.onError(error);
    } finally {
      this.#isWorking = false;
    }
  }
}
