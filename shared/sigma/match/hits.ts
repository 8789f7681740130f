/**
 * What is known of one value: the slots that hold, those that may, whose tests are asked when a condition needs them
 * and then remembered, and the conditions any of them wakes.
 */
export class Hits {
  readonly slots: readonly number[];
  /** Slots that may hold. */
  readonly open: readonly number[];
  readonly wakes: readonly number[];
  readonly #ask: (i: number) => boolean;
  /** By place in `open`; undefined is not asked yet. */
  readonly #answers: (boolean | undefined)[] = [];

  /** `ask(i)` puts the test of `open[i]` to the value. */
  constructor(
    slots: readonly number[],
    open: readonly number[],
    wakes: readonly number[],
    ask: (i: number) => boolean,
  ) {
    this.slots = slots;
    this.open = open;
    this.wakes = wakes;
    this.#ask = ask;
  }

  holds(i: number): boolean {
    this.#answers[i] ??= this.#ask(i);
    return this.#answers[i];
  }
}
