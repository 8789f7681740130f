import { buildTrie } from './trie.ts';

/** Cells of rows kept at most, four bytes each. */
const defaultCells = 1 << 18;
/** Steps taken without a row, per row kept, after which all rows are dropped to make room for what is seen now. */
const patience = 64;

/**
 * Finds many texts in one pass over a value. States are kept as edges and failure links, linear in the texts; a state
 * gets a full row of transitions when first visited, up to a bound, since values of one field visit few of them.
 */
export class AhoCorasick {
  /** Class of a unit; 0 for those that no text holds. */
  readonly #classes: Uint16Array;
  readonly #width: number;
  readonly #fail: Int32Array;
  /** Edges of state s: `edgeStart[s]` up to `edgeStart[s + 1]`. */
  readonly #edgeStart: Int32Array;
  readonly #edgeClass: Uint16Array;
  readonly #edgeTo: Int32Array;
  /** Nearest state on the way of failure links, itself included, where a text ends; -1 for none. */
  readonly #output: Int32Array;
  readonly #textAt: Int32Array;
  /**
   * A row is the transitions by class, then the output. A transition is the offset of the next state's row, or the
   * complement of the state while it has none. The root's row is at 0.
   */
  #rows: Int32Array;
  #rowsEnd = 0;
  readonly #mostCells: number;
  /** By state: offset of its row; -1 for none. */
  readonly #rowAt: Int32Array;
  /** Steps taken without a row since rows were last dropped. */
  #slowSteps = 0;
  /** By text: the pass in which it was last found. */
  readonly #seen: Uint32Array;
  #pass = 0;

  /** `texts` are distinct and not empty. */
  constructor(texts: readonly string[], mostCells = defaultCells) {
    const { classes, classCount, fail, edgeStart, edgeClass, edgeTo, textAt } = buildTrie(texts);
    this.#classes = classes;
    this.#width = classCount + 1;
    this.#fail = fail;
    this.#edgeStart = edgeStart;
    this.#edgeClass = edgeClass;
    this.#edgeTo = edgeTo;
    this.#textAt = textAt;
    this.#output = outputsOf(textAt, fail);
    this.#rowAt = new Int32Array(fail.length).fill(-1);
    this.#mostCells = Math.max(mostCells, this.#width);
    this.#rows = new Int32Array(Math.min(this.#mostCells, 16 * this.#width));
    this.#seen = new Uint32Array(texts.length);
    this.#makeRow(0);
  }

  /** Calls `found` with the index of each text that is in the value, once for each. Gives the units of the value or-ed. */
  scan(value: string, found: (text: number) => void): number {
    const pass = this.#beginPass();
    const [classes, width] = [this.#classes, this.#width];
    const top = classes.length - 1;
    let rows = this.#rows;
    let at = 0;
    let units = 0;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      units |= unit;
      const cls = unit <= top ? classes[unit]! : 0;
      const next = at >= 0 ? rows[at + cls]! : this.#step(~at, cls);
      if (next < 0) {
        const entered = this.#enter(~next);
        rows = this.#rows;
        if (at >= 0) rows[at + cls] = entered;
        at = entered;
      } else at = next;
      const out = at >= 0 ? rows[at + width - 1]! : this.#output[~at]!;
      if (out >= 0) this.#report(out, pass, found);
    }
    return units;
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

  #beginPass(): number {
    if (this.#slowSteps > patience * (this.#mostCells / this.#width)) this.#dropRows();
    if (++this.#pass === 0xffff_ffff) {
      this.#seen.fill(0);
      this.#pass = 1;
    }
    return this.#pass;
  }

  #dropRows(): void {
    this.#slowSteps = 0;
    this.#rowAt.fill(-1);
    this.#rowsEnd = 0;
    this.#makeRow(0);
  }

  /** The row of a state, made if there is room; else the complement of the state. */
  #enter(state: number): number {
    const at = this.#rowAt[state]!;
    if (at >= 0) return at;
    return this.#rowsEnd + this.#width <= this.#mostCells ? this.#makeRow(state) : ~state;
  }

  #makeRow(state: number): number {
    const at = this.#rowsEnd;
    const end = at + this.#width;
    if (end > this.#rows.length) {
      const grown = new Int32Array(Math.min(this.#mostCells, Math.max(end, 2 * this.#rows.length)));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rowsEnd = end;
    this.#rowAt[state] = at;
    this.#rows[at] = 0;
    for (let cls = 1; cls < this.#width - 1; cls++) {
      const to = this.#target(state, cls);
      const row = this.#rowAt[to]!;
      this.#rows[at + cls] = row >= 0 ? row : ~to;
    }
    this.#rows[end - 1] = this.#output[state]!;
    return at;
  }

  /** A transition from a state without a row, as rows hold them. */
  #step(state: number, cls: number): number {
    this.#slowSteps++;
    const to = this.#target(state, cls);
    const row = this.#rowAt[to]!;
    return row >= 0 ? row : ~to;
  }

  /** The state after a unit of the class, by edges and failure links. */
  #target(from: number, cls: number): number {
    for (let state = from; ; state = this.#fail[state]!) {
      const end = this.#edgeStart[state + 1]!;
      for (let e = this.#edgeStart[state]!; e < end; e++)
        if (this.#edgeClass[e] === cls) return this.#edgeTo[e]!;
      if (state === 0) return 0;
    }
  }
}

/** States are numbered breadth first, so that what a state fails to comes before it. */
function outputsOf(textAt: Int32Array, fail: Int32Array): Int32Array {
  const output = new Int32Array(textAt.length);
  for (let state = 0; state < textAt.length; state++)
    output[state] = textAt[state]! >= 0 ? state : state === 0 ? -1 : output[fail[state]!]!;
  return output;
}
