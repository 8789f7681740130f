import type { Bound } from './bind.ts';

/** Least leaves of a part for its answer to be worth keeping. */
const leastLeaves = 3;

/** Which parts of conditions stand in more than one place: they are evaluated once a row and their answer is kept. */
export class SharedParts {
  readonly #ids = new Map<string, number>();
  readonly #uses: number[] = [];
  readonly #known = new WeakMap<Bound, number>();

  /** Takes every part of a condition into account. */
  add(bound: Bound): void {
    this.#take(bound);
  }

  get count(): number {
    return this.#uses.length;
  }

  /** The number of a part that was taken into account. */
  idOf(bound: Bound): number {
    return this.#known.get(bound)!;
  }

  /** The number of a part that stands in several places and is worth keeping; equal parts have one number. */
  sharedId(bound: Bound): number | undefined {
    const id = this.#known.get(bound);
    if (id === undefined || this.#uses[id]! < 2 || leavesOf(bound, leastLeaves) < leastLeaves)
      return undefined;
    return id;
  }

  #take(bound: Bound): number {
    const key = this.#keyOf(bound);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#uses.push(0) - 1;
      this.#ids.set(key, id);
    }
    this.#uses[id]!++;
    this.#known.set(bound, id);
    return id;
  }

  /** Equal for parts that ask the same, in whatever order. */
  #keyOf(bound: Bound): string {
    switch (bound.op) {
      case 'constant':
        return String(bound.value);
      case 'slot':
      case 'compare-fields':
        return `s${bound.slot}`;
      case 'not':
        return `n${this.#take(bound.of)}`;
      case 'at-least':
        return `${bound.least}:${bound.of.map((part) => this.#take(part)).sort((a, b) => a - b)}`;
    }
  }
}

/** Counted no further than `most`. */
function leavesOf(bound: Bound, most: number): number {
  if (bound.op === 'not') return leavesOf(bound.of, most);
  if (bound.op !== 'at-least') return 1;
  let leaves = 0;
  for (const part of bound.of) {
    leaves += leavesOf(part, most);
    if (leaves >= most) break;
  }
  return leaves;
}
