/**
 * Finds many texts in one pass over a value. States are numbered breadth first; the shallow ones, where nearly all
 * time is spent, have full rows, the deeper ones a list of edges and a link to where to go on. Memory is linear in
 * the texts, with a bound on the rows.
 */
export class AhoCorasick {
  /** Most cells of full rows, four bytes each. */
  static readonly rowCells = 1 << 20;

  readonly #classes: Uint16Array;
  readonly #classCount: number;
  readonly #rows: Int32Array;
  readonly #rowStates: number;
  readonly #fail: Int32Array;
  /** Edges of state s: `edgeStart[s]` up to `edgeStart[s + 1]`. */
  readonly #edgeStart: Int32Array;
  readonly #edgeClass: Uint16Array;
  readonly #edgeTo: Int32Array;
  /** Nearest state on the way of failure links, itself included, where a text ends; -1 for none. */
  readonly #output: Int32Array;
  readonly #textAt: Int32Array;
  /** By text: the pass in which it was last found. */
  readonly #seen: Uint32Array;
  #pass = 0;

  /** `texts` are distinct and not empty. */
  constructor(texts: readonly string[]) {
    const trie = buildTrie(texts);
    this.#classes = trie.classes;
    this.#classCount = trie.classCount;
    this.#seen = new Uint32Array(texts.length);
    const { order, rank } = breadthFirst(trie.children);
    const count = order.length;
    this.#edgeStart = new Int32Array(count + 1);
    this.#edgeClass = new Uint16Array(count);
    this.#edgeTo = new Int32Array(count);
    this.#fail = new Int32Array(count);
    this.#textAt = new Int32Array(count).fill(-1);
    this.#output = new Int32Array(count).fill(-1);
    let edge = 0;
    order.forEach((node, state) => {
      this.#edgeStart[state] = edge;
      for (const [cls, child] of trie.children[node]!) {
        this.#edgeClass[edge] = cls;
        this.#edgeTo[edge++] = rank[child]!;
      }
      this.#textAt[state] = trie.textAt[node]!;
    });
    this.#edgeStart[count] = edge;
    this.#rowStates = Math.max(1, Math.min(count, Math.floor(AhoCorasick.rowCells / this.#classCount)));
    this.#rows = new Int32Array(this.#rowStates * this.#classCount);
    this.#link(count);
  }

  /** Calls `found` with the index of each text that is in the value, once for each. */
  scan(value: string, found: (text: number) => void): void {
    const [classes, rows, width, full] = [this.#classes, this.#rows, this.#classCount, this.#rowStates];
    const output = this.#output;
    const pass = this.#nextPass();
    let state = 0;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      const cls = unit < classes.length ? classes[unit]! : 0;
      state = state < full ? rows[state * width + cls]! : this.#next(state, cls);
      if (output[state]! >= 0) this.#report(output[state]!, pass, found);
    }
  }

  /** The text that ends here and those that end it; when it was seen before, so were they. */
  #report(state: number, pass: number, found: (text: number) => void): void {
    for (let out = state; out >= 0; out = this.#output[this.#fail[out]!]!) {
      const text = this.#textAt[out]!;
      if (this.#seen[text] === pass) return;
      this.#seen[text] = pass;
      found(text);
    }
  }

  #nextPass(): number {
    if (++this.#pass === 0xffff_ffff) {
      this.#seen.fill(0);
      this.#pass = 1;
    }
    return this.#pass;
  }

  #edge(state: number, cls: number): number {
    const end = this.#edgeStart[state + 1]!;
    for (let e = this.#edgeStart[state]!; e < end; e++)
      if (this.#edgeClass[e] === cls) return this.#edgeTo[e]!;
    return -1;
  }

  #next(state: number, cls: number): number {
    while (state >= this.#rowStates) {
      const to = this.#edge(state, cls);
      if (to >= 0) return to;
      state = this.#fail[state]!;
    }
    return this.#rows[state * this.#classCount + cls]!;
  }

  /** Failure links, outputs and full rows, in breadth-first order: all that a state needs is already there. */
  #link(count: number): void {
    for (let state = 0; state < count; state++) {
      const fail = this.#fail[state]!;
      this.#output[state] = this.#textAt[state]! >= 0 ? state : state === 0 ? -1 : this.#output[fail]!;
      if (state < this.#rowStates && state > 0) {
        const from = fail * this.#classCount;
        this.#rows.copyWithin(state * this.#classCount, from, from + this.#classCount);
      }
      for (let e = this.#edgeStart[state]!; e < this.#edgeStart[state + 1]!; e++) {
        const cls = this.#edgeClass[e]!;
        this.#fail[this.#edgeTo[e]!] = state === 0 ? 0 : this.#next(fail, cls);
        if (state < this.#rowStates) this.#rows[state * this.#classCount + cls] = this.#edgeTo[e]!;
      }
    }
  }
}

interface Trie {
  readonly classes: Uint16Array;
  readonly classCount: number;
  readonly children: readonly ReadonlyMap<number, number>[];
  readonly textAt: readonly number[];
}

/** Units that no text holds share class 0. */
function buildTrie(texts: readonly string[]): Trie {
  let top = 0;
  for (const text of texts) for (let i = 0; i < text.length; i++) top = Math.max(top, text.charCodeAt(i));
  const classes = new Uint16Array(top + 1);
  let classCount = 1;
  const children: Map<number, number>[] = [new Map()];
  const textAt: number[] = [-1];
  texts.forEach((text, index) => {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (classes[unit] === 0) classes[unit] = classCount++;
      const cls = classes[unit]!;
      let child = children[node]!.get(cls);
      if (child === undefined) {
        child = children.push(new Map()) - 1;
        textAt.push(-1);
        children[node]!.set(cls, child);
      }
      node = child;
    }
    textAt[node] = index;
  });
  return { classes, classCount, children, textAt };
}

function breadthFirst(children: readonly ReadonlyMap<number, number>[]): {
  order: readonly number[];
  rank: Int32Array;
} {
  const order = [0];
  const rank = new Int32Array(children.length);
  for (let i = 0; i < order.length; i++) {
    rank[order[i]!] = i;
    order.push(...children[order[i]!]!.values());
  }
  return { order, rank };
}
