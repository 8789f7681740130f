import type { Bound } from './bind.ts';
import { Census } from './census.ts';
import type { ColumnHits } from './column-hits.ts';
import { expectedFrequency, type FrequencyOf, wakersOf } from './wake.ts';

/** Rows after which wakers are chosen anew, for the first time; each next time after so many times more, at most. */
const firstAfter = 1_000;
const growth = 3;
const longest = 1_000_000;
/** Later on, one batch in this many is counted. */
const counted = 4;
/**
 * What was not counted is taken to be this much rarer than expected: trying it out is the only way to learn, and costs
 * little.
 */
const hope = 0.05;
/** A new choice is made only when it wakes this much fewer conditions, and when there is anything to win. */
const gain = 0.8;
const least = 0.02;

/** Which slots wake which conditions: for each the rarest it cannot hold without, learned from the events seen. */
export class Waking {
  readonly #bounds: readonly Bound[];
  readonly #census: Census;
  readonly #slotCount: number;
  /** By slot, once asked for. */
  readonly #expected: Float64Array;
  #wakes: readonly (readonly number[])[] = [];
  #always: readonly number[] = [];
  #rows = 0;
  #dueAt = firstAfter;
  #batches = 0;

  /** `bounds` are the conditions, over slots below `slotCount`. */
  constructor(bounds: readonly Bound[], slotCount: number) {
    this.#bounds = bounds;
    this.#slotCount = slotCount;
    this.#census = new Census(slotCount);
    this.#expected = new Float64Array(slotCount).fill(Number.NaN);
    const { wakes, always } = this.#choose(expectedFrequency);
    this.#wakes = wakes;
    this.#always = always;
  }

  /** Conditions that may hold without any slot being seen. */
  get always(): readonly number[] {
    return this.#always;
  }

  /** The conditions a slot wakes. */
  of(slot: number): readonly number[] {
    return this.#wakes[slot]!;
  }

  /** Counts a batch, or passes over it. True when slots wake others than before. */
  learn(columns: readonly ColumnHits[], rows: number, indexed: Uint8Array): boolean {
    if (this.#rows < 8 * firstAfter || this.#batches++ % counted === 0) this.#census.count(columns, rows);
    this.#rows += rows;
    if (this.#rows < this.#dueAt) return false;
    this.#dueAt = this.#rows + Math.min((growth - 1) * this.#rows, longest);
    this.#census.close(indexed);
    const before = this.#wokenBy(this.#wakes);
    if (before < least) return false;
    const { wakes, always, frequency } = this.#choose(this.#frequencyOf);
    if (frequency > before * gain) return false;
    this.#wakes = wakes;
    this.#always = always;
    return true;
  }

  /** As counted; as expected where it was not. Of slots never seen the one expected to be rarest is best. */
  readonly #frequencyOf: FrequencyOf = (bound) => {
    let expected = this.#expected[bound.slot]!;
    if (Number.isNaN(expected)) {
      expected = expectedFrequency(bound);
      this.#expected[bound.slot] = expected;
    }
    const seen = this.#census.frequencyOf(bound.slot);
    return seen === undefined ? expected * hope : seen + expected * 1e-6;
  };

  #wokenBy(wakes: readonly (readonly number[])[]): number {
    return wakes.reduce((sum, woken, slot) => sum + woken.length * (this.#census.frequencyOf(slot) ?? 0), 0);
  }

  #choose(frequencyOf: FrequencyOf): {
    readonly wakes: readonly (readonly number[])[];
    readonly always: readonly number[];
    readonly frequency: number;
  } {
    const wakes: number[][] = Array.from({ length: this.#slotCount }, () => []);
    const always: number[] = [];
    let frequency = 0;
    this.#bounds.forEach((bound, condition) => {
      const wakers = wakersOf(bound, frequencyOf);
      if (wakers === undefined) always.push(condition);
      else {
        frequency += wakers.frequency;
        for (const slot of wakers.slots) if (wakes[slot]!.at(-1) !== condition) wakes[slot]!.push(condition);
      }
    });
    return { wakes, always, frequency };
  }
}
