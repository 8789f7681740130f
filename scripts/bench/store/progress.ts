const everyMs = 10_000;

/** Tells now and then how far something is, how fast, and when it will be done. */
export class Progress {
  readonly #what: string;
  readonly #of: number;
  readonly #tell: (what: string) => void;
  readonly #beganMs = performance.now();
  #toldMs = performance.now();

  constructor(what: string, of: number, tell: (what: string) => void) {
    this.#what = what;
    this.#of = of;
    this.#tell = tell;
  }

  at(done: number): void {
    const now = performance.now();
    if (now - this.#toldMs < everyMs) return;
    this.#toldMs = now;
    const perS = done / ((now - this.#beganMs) / 1000);
    const leftS = Math.round((this.#of - done) / perS);
    const share = Math.floor((100 * done) / this.#of);
    this.#tell(`${this.#what}: ${done} of ${this.#of} (${share} %), ${Math.round(perS)}/s, ${leftS} s left`);
  }
}
