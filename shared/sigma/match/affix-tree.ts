/** A stretch of text that leads on, with the entries whose text ends there. */
interface Node {
  label: string;
  entries: number[];
  children: Map<number, Node>;
}

/**
 * Finds the texts a value begins with, or ends with, in one walk from that end: as long as some text goes on, however
 * many texts there are. A radix tree; for ends it is walked from right to left.
 */
export class AffixTree {
  readonly #root: Node = { label: '', entries: [], children: new Map() };
  readonly #fromEnd: boolean;

  constructor(fromEnd: boolean) {
    this.#fromEnd = fromEnd;
  }

  /** `text` is not empty. */
  add(text: string, entry: number): void {
    let rest = this.#fromEnd ? reversed(text) : text;
    let node = this.#root;
    while (rest !== '') {
      const child = node.children.get(rest.charCodeAt(0));
      if (child === undefined) {
        const leaf = { label: rest, entries: [entry], children: new Map() };
        node.children.set(rest.charCodeAt(0), leaf);
        return;
      }
      const shared = commonLength(child.label, rest);
      if (shared < child.label.length) splitNode(child, shared);
      rest = rest.slice(shared);
      node = child;
    }
    node.entries.push(entry);
  }

  /** Calls `found` with the entries of each text at that end of the value. */
  find(value: string, found: (entry: number) => void): void {
    let node: Node | undefined = this.#root;
    let done = 0;
    while (done < value.length) {
      node = node.children.get(value.charCodeAt(this.#fromEnd ? value.length - 1 - done : done));
      if (node === undefined || !this.#goesOn(node.label, value, done)) return;
      done += node.label.length;
      for (const entry of node.entries) found(entry);
    }
  }

  #goesOn(label: string, value: string, done: number): boolean {
    if (done + label.length > value.length) return false;
    if (!this.#fromEnd) return value.startsWith(label, done);
    for (let i = 1, at = value.length - 2 - done; i < label.length; i++, at--)
      if (label.charCodeAt(i) !== value.charCodeAt(at)) return false;
    return true;
  }
}

function reversed(text: string): string {
  let out = '';
  for (let i = text.length - 1; i >= 0; i--) out += text[i];
  return out;
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) return i;
  return most;
}

/** The node keeps the first `at` units; what followed becomes its only child. */
function splitNode(node: Node, at: number): void {
  const tail: Node = { label: node.label.slice(at), entries: node.entries, children: node.children };
  node.label = node.label.slice(0, at);
  node.entries = [];
  node.children = new Map([[tail.label.charCodeAt(0), tail]]);
}
