import { lineEnds, maxUnit, wordUnits } from './ranges.ts';
import type { Assertion, Ranges } from './syntax.ts';

/** What stands before or after a place, as far as assertions ask. */
export const neighbours = { edge: 0, word: 1, lineEnd: 2, other: 3 } as const;
export type Neighbour = (typeof neighbours)[keyof typeof neighbours];

/** Units that no set and no assertion of a program tells apart share a class. */
export class UnitClasses {
  readonly #bounds: readonly number[];
  readonly #low: Uint16Array;
  readonly count: number;

  constructor(sets: readonly Ranges[]) {
    const cuts = new Set<number>([0]);
    for (const ranges of [...sets, wordUnits, lineEnds]) {
      for (const [from, to] of ranges) {
        cuts.add(from);
        if (to < maxUnit) cuts.add(to + 1);
      }
    }
    this.#bounds = [...cuts].sort((a, b) => a - b);
    this.count = this.#bounds.length;
    this.#low = Uint16Array.from({ length: 256 }, (_, unit) => this.#search(unit));
  }

  of(unit: number): number {
    return unit < 256 ? this.#low[unit]! : this.#search(unit);
  }

  /** The first unit of a class, which stands for all. */
  sample(index: number): number {
    return this.#bounds[index]!;
  }

  #search(unit: number): number {
    let [low, high] = [0, this.#bounds.length - 1];
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.#bounds[mid]! <= unit) low = mid;
      else high = mid - 1;
    }
    return low;
  }
}

export function neighbourOf(unit: number): Neighbour {
  const inside = (ranges: Ranges) => ranges.some(([from, to]) => unit >= from && unit <= to);
  if (inside(wordUnits)) return neighbours.word;
  return inside(lineEnds) ? neighbours.lineEnd : neighbours.other;
}

/** Whether an assertion holds between two neighbours. */
export function assertionHolds(what: Assertion, before: Neighbour, after: Neighbour): boolean {
  const { edge, word, lineEnd } = neighbours;
  switch (what) {
    case 'start':
      return before === edge;
    case 'end':
      return after === edge;
    case 'line-start':
      return before === edge || before === lineEnd;
    case 'line-end':
      return after === edge || after === lineEnd;
    case 'word':
      return (before === word) !== (after === word);
    case 'not-word':
      return (before === word) === (after === word);
  }
}
