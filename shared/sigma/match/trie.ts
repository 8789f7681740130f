/** Texts as a trie with failure links, states numbered breadth first from the root, 0. */
export interface Trie {
  /** Class of each unit up to the highest in a text; 0 for units that no text holds. */
  readonly classes: Uint16Array;
  readonly classCount: number;
  /** By state: the state of its longest proper end that is a beginning of some text. */
  readonly fail: Int32Array;
  /** Edges of state s: `edgeStart[s]` up to `edgeStart[s + 1]`. */
  readonly edgeStart: Int32Array;
  readonly edgeClass: Uint16Array;
  readonly edgeTo: Int32Array;
  /** By state: the text that ends there; -1 for none. */
  readonly textAt: Int32Array;
}

interface Nodes {
  /** First child, next sibling, class of the edge that leads here; by node. */
  readonly child: number[];
  readonly sibling: number[];
  readonly edge: number[];
  readonly text: number[];
}

/** `texts` are distinct and not empty. Aho and Corasick, Efficient String Matching, 1975. */
export function buildTrie(texts: readonly string[]): Trie {
  const { classes, classCount } = classesOf(texts);
  const nodes: Nodes = { child: [-1], sibling: [-1], edge: [0], text: [-1] };
  texts.forEach((text, index) => {
    let node = 0;
    for (let i = 0; i < text.length; i++) node = descend(nodes, node, classes[text.charCodeAt(i)]!);
    nodes.text[node] = index;
  });
  return { classes, classCount, ...linked(nodes) };
}

function classesOf(texts: readonly string[]): { classes: Uint16Array; classCount: number } {
  let top = 0;
  for (const text of texts) for (let i = 0; i < text.length; i++) top = Math.max(top, text.charCodeAt(i));
  const classes = new Uint16Array(top + 1);
  let classCount = 1;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (classes[unit] === 0) classes[unit] = classCount++;
    }
  }
  return { classes, classCount };
}

/** The child by a class, made if it is not there. */
function descend({ child, sibling, edge, text }: Nodes, node: number, cls: number): number {
  for (let at = child[node]!; at >= 0; at = sibling[at]!) if (edge[at] === cls) return at;
  const made = text.push(-1) - 1;
  child.push(-1);
  sibling.push(child[node]!);
  edge.push(cls);
  child[node] = made;
  return made;
}

function linked({ child, sibling, edge, text }: Nodes): Omit<Trie, 'classes' | 'classCount'> {
  const count = text.length;
  const order = new Int32Array(count);
  const fail = new Int32Array(count);
  const textAt = new Int32Array(count);
  const edgeStart = new Int32Array(count + 1);
  const edgeClass = new Uint16Array(count);
  const edgeTo = new Int32Array(count);
  let next = 1;
  let edges = 0;
  for (let state = 0; state < count; state++) {
    const node = order[state]!;
    textAt[state] = text[node]!;
    edgeStart[state] = edges;
    for (let at = child[node]!; at >= 0; at = sibling[at]!) {
      order[next] = at;
      edgeClass[edges] = edge[at]!;
      edgeTo[edges++] = next++;
    }
    edgeStart[state + 1] = edges;
  }
  const edgeFrom = (state: number, cls: number): number => {
    for (let e = edgeStart[state]!; e < edgeStart[state + 1]!; e++)
      if (edgeClass[e] === cls) return edgeTo[e]!;
    return -1;
  };
  for (let state = 0; state < count; state++) {
    for (let e = edgeStart[state]!; e < edgeStart[state + 1]!; e++) {
      let from = state;
      let to = -1;
      while (from !== 0 && to < 0) {
        from = fail[from]!;
        to = edgeFrom(from, edgeClass[e]!);
      }
      fail[edgeTo[e]!] = Math.max(to, 0);
    }
  }
  return { fail, edgeStart, edgeClass, edgeTo, textAt };
}
