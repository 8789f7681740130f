import type { Budget } from './budget.ts';
import { RecordPool } from './record-pool.ts';

/** Words of a node; its number takes the first two. Links are slots plus one, 0 for none. */
const node = { low: 2, high: 3, count: 4 } as const;
const stride = 3;
const width = stride * 2;

/**
 * Numbers in order, many trees in one pool: adding, removing and finding the n-th take logarithmic time. A treap
 * (Aragon and Seidel, 1989) whose priorities are a hash of the slot. A tree is the link of its root, 0 when empty.
 */
export class OrderTree {
  readonly #pool: RecordPool;

  constructor(budget: Budget) {
    this.#pool = new RecordPool(stride, budget);
  }

  get bytes(): number {
    return this.#pool.bytes;
  }

  hasRoom(): boolean {
    return this.#pool.hasRoom();
  }

  /** Makes a node of a number; `insert` puts it in a tree. */
  node(value: number): number {
    const slot = this.#pool.take();
    this.#pool.doubles[slot * stride] = value;
    this.#pool.words[slot * width + node.count] = 1;
    return slot + 1;
  }

  /** Gives the new root. */
  insert(root: number, added: number): number {
    if (root === 0) return added;
    if (priorityOf(added) > priorityOf(root)) {
      const [low, high] = this.#split(root, added);
      this.#set(added, node.low, low);
      this.#set(added, node.high, high);
      return this.#counted(added);
    }
    const side = this.#isLess(added, root) ? node.low : node.high;
    this.#set(root, side, this.insert(this.#get(root, side), added));
    return this.#counted(root);
  }

  /** Removes a node that is in the tree and frees it; gives the new root. */
  remove(root: number, removed: number): number {
    if (root === removed) {
      const rest = this.#join(this.#get(root, node.low), this.#get(root, node.high));
      this.#pool.give(removed - 1);
      return rest;
    }
    const side = this.#isLess(removed, root) ? node.low : node.high;
    this.#set(root, side, this.remove(this.#get(root, side), removed));
    return this.#counted(root);
  }

  /** The number of a rank, counted from 1. */
  at(root: number, rank: number): number {
    let [at, left] = [root, rank];
    for (;;) {
      const low = this.#get(at, node.low);
      const below = low === 0 ? 0 : this.#get(low, node.count);
      if (left === below + 1) return this.#pool.doubles[(at - 1) * stride]!;
      if (left <= below) at = low;
      else {
        left -= below + 1;
        at = this.#get(at, node.high);
      }
    }
  }

  #split(root: number, by: number): [low: number, high: number] {
    if (root === 0) return [0, 0];
    if (this.#isLess(root, by)) {
      const [low, high] = this.#split(this.#get(root, node.high), by);
      this.#set(root, node.high, low);
      return [this.#counted(root), high];
    }
    const [low, high] = this.#split(this.#get(root, node.low), by);
    this.#set(root, node.low, high);
    return [low, this.#counted(root)];
  }

  #join(low: number, high: number): number {
    if (low === 0) return high;
    if (high === 0) return low;
    if (priorityOf(low) > priorityOf(high)) {
      this.#set(low, node.high, this.#join(this.#get(low, node.high), high));
      return this.#counted(low);
    }
    this.#set(high, node.low, this.#join(low, this.#get(high, node.low)));
    return this.#counted(high);
  }

  #counted(at: number): number {
    const [low, high] = [this.#get(at, node.low), this.#get(at, node.high)];
    const below = low === 0 ? 0 : this.#get(low, node.count);
    const above = high === 0 ? 0 : this.#get(high, node.count);
    this.#set(at, node.count, below + above + 1);
    return at;
  }

  #isLess(a: number, b: number): boolean {
    const [x, y] = [this.#pool.doubles[(a - 1) * stride]!, this.#pool.doubles[(b - 1) * stride]!];
    return x === y ? a < b : x < y;
  }

  #get(at: number, word: number): number {
    return this.#pool.words[(at - 1) * width + word]!;
  }

  #set(at: number, word: number, value: number): void {
    this.#pool.words[(at - 1) * width + word] = value;
  }
}

function priorityOf(at: number): number {
  let hash = Math.imul(at, 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}
