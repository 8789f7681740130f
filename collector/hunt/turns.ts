import { VedetteError } from '#shared/errors.ts';

/** Lets so many run at once and so many wait, in the order they came; others are refused with `hunt.busy`. */
export class Turns {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves with what gives the turn back; rejects with `hunt.cancelled` when aborted before its turn. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new VedetteError('hunt.cancelled', 'It had not begun.');
    if (this.#running < this.#maxRunning) this.#running++;
    else await this.#wait(signal);
    let isTaken = true;
    return () => {
      if (isTaken) this.#give();
      isTaken = false;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting)
      throw new VedetteError('hunt.busy', `${this.#maxRunning} hunts run and ${this.#maxWaiting} wait.`);
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(new VedetteError('hunt.cancelled', 'It had not begun.'));
      };
      this.#waiting.push(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The next one takes over, so the count of those that run stays. */
  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
