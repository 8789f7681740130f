/**
 * Reads the YAML that rules are written in (block maps and lists, scalars on one line, literal and folded blocks)
 * several times faster than the full reader. Anything else it leaves to that: it gives nothing rather than guess.
 */
import type { Place } from '../problem.ts';
import { Lines } from './lines.ts';
import { plainScalar } from './plain-scalar.ts';
import type { ListTree, MapEntry, MapTree, ScalarTree, Tree } from './tree.ts';

/** Thrown, and caught here, where the text goes beyond what is read. */
class Beyond extends Error {}

const beyond = new Beyond();

export interface BlockBounds {
  readonly nodes: number;
  readonly depth: number;
}

export interface BlockDocument {
  readonly tree: Tree;
  /** Offsets of the text of the document. */
  readonly from: number;
  readonly to: number;
}

/** What a line or a character shows to be for the full reader: directives, ends of documents, tabs, other line ends. */
const unusual = /[\r\t\uFEFF\0]|^(?:%|\.\.\.|--- *[^ \n])/m;

/** The documents of a text; undefined when some part of it is for the full reader. */
export function readBlockYaml(text: string, bounds: BlockBounds): readonly BlockDocument[] | undefined {
  if (unusual.test(text)) return undefined;
  try {
    return readDocuments(text, bounds);
  } catch (error) {
    if (error === beyond) return undefined;
    throw error;
  }
}

function readDocuments(text: string, bounds: BlockBounds): readonly BlockDocument[] {
  const lines = new Lines(text);
  const documents: BlockDocument[] = [];
  while (lines.toContent()) {
    const from = lines.start;
    if (lines.isSeparator()) {
      lines.next();
      if (!lines.toContent() || lines.isSeparator()) throw beyond;
    }
    const tree = new BlockReader(text, lines, bounds).read();
    if (lines.toContent() && !lines.isSeparator()) throw beyond;
    documents.push({ tree, from, to: lines.isDone ? text.length : lines.start });
  }
  return documents;
}

class BlockReader {
  readonly #text: string;
  readonly #lines: Lines;
  readonly #bounds: BlockBounds;
  #nodes = 0;

  constructor(text: string, lines: Lines, bounds: BlockBounds) {
    this.#text = text;
    this.#lines = lines;
    this.#bounds = bounds;
  }

  read(): Tree {
    return this.#block(this.#lines.indent, 0);
  }

  /** A map or list whose first line is the current one. */
  #block(indent: number, depth: number): MapTree | ListTree {
    if (depth >= this.#bounds.depth) throw beyond;
    return this.#isDash(this.#lines.start + indent) ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #isDash(at: number): boolean {
    return this.#text[at] === '-' && (at + 1 >= this.#lines.end || this.#text[at + 1] === ' ');
  }

  #list(indent: number, depth: number): ListTree {
    const lines = this.#lines;
    const place = this.#place(lines.start + indent);
    const items: Tree[] = [];
    this.#count();
    while (lines.toContent() && lines.indent === indent && this.#isDash(lines.start + indent)) {
      const at = this.#afterSpaces(lines.start + indent + 1);
      if (at >= lines.end || this.#text[at] === '#') throw beyond;
      if (this.#isDash(at)) throw beyond;
      if (this.#keyEnd(at) < 0) {
        items.push(this.#scalar(at, indent));
        continue;
      }
      lines.indent = at - lines.start;
      items.push(this.#map(lines.indent, depth + 1));
    }
    this.#checkAfter(indent);
    return { kind: 'list', items, ...place };
  }

  #map(indent: number, depth: number): MapTree {
    const lines = this.#lines;
    const place = this.#place(lines.start + indent);
    const entries: MapEntry[] = [];
    const keys = new Set<string>();
    this.#count();
    while (lines.toContent() && lines.indent === indent && !lines.isSeparator()) {
      const at = lines.start + indent;
      if (this.#isDash(at)) throw beyond;
      const keyEnd = this.#keyEnd(at);
      if (keyEnd < 0) throw beyond;
      const key = this.#key(at, keyEnd);
      if (keys.has(key)) throw beyond;
      keys.add(key);
      entries.push({ key, keyPlace: this.#place(at), value: this.#value(keyEnd + 1, indent, depth) });
    }
    this.#checkAfter(indent);
    return { kind: 'map', entries, ...place };
  }

  /** What is further in than a block that has ended belongs to nothing. */
  #checkAfter(indent: number): void {
    if (this.#lines.toContent() && this.#lines.indent > indent) throw beyond;
  }

  /** The value after a key's colon. */
  #value(from: number, indent: number, depth: number): Tree {
    const lines = this.#lines;
    const at = this.#afterSpaces(from);
    if (at < lines.end && this.#text[at] !== '#') return this.#scalar(at, indent);
    if (at < lines.end && at === from) throw beyond;
    lines.next();
    if (lines.toContent() && !lines.isSeparator()) {
      const isBelow = lines.indent > indent;
      if (isBelow || (lines.indent === indent && this.#isDash(lines.start + indent)))
        return this.#block(lines.indent, depth + 1);
    }
    // Where the full reader places nothing is its own affair.
    throw beyond;
  }

  /** Where the colon of a key stands that begins at `at`; -1 when what begins there is no key. */
  #keyEnd(at: number): number {
    const quote = this.#text[at];
    if (quote === "'" || quote === '"') {
      const close = this.#lines.find(quote, at + 1);
      const colon = close + 1;
      return close > 0 && colon < this.#lines.end && this.#isColon(colon) ? colon : -1;
    }
    for (let colon = this.#lines.find(':', at); colon >= 0; colon = this.#lines.find(':', colon + 1)) {
      if (!this.#isColon(colon)) continue;
      const comment = this.#lines.find(' #', at);
      return comment >= 0 && comment < colon ? -1 : colon;
    }
    return -1;
  }

  #isColon(at: number): boolean {
    return this.#text[at] === ':' && (at + 1 >= this.#lines.end || this.#text[at + 1] === ' ');
  }

  #key(at: number, end: number): string {
    const quote = this.#text[at];
    if (quote === "'" || quote === '"') {
      const key = this.#text.slice(at + 1, end - 1);
      if (key.includes('\\') || key.includes(quote)) throw beyond;
      return key;
    }
    const key = this.#text.slice(at, end);
    if (!isPlain(key) || key.endsWith(' ') || plainScalar(key) !== key) throw beyond;
    return key;
  }

  /** A scalar that begins at `at` in the current line, which it ends. `indent` is that of what holds it. */
  #scalar(at: number, indent: number): ScalarTree {
    this.#count();
    const c = this.#text[at]!;
    if (c === '|' || c === '>') return this.#blockScalar(at, indent);
    const place = this.#place(at);
    const value = c === "'" || c === '"' ? this.#quoted(at, c) : this.#plain(at);
    this.#lines.next();
    // What goes on in the next line is for the full reader.
    if (this.#lines.toContent() && this.#lines.indent > indent) throw beyond;
    return { kind: 'scalar', value, ...place };
  }

  #plain(at: number): ScalarTree['value'] {
    const { end } = this.#lines;
    const comment = this.#lines.find(' #', at);
    const text = this.#text.slice(at, comment >= 0 ? comment : end).trimEnd();
    if (!isPlain(text) || text.includes(': ') || text.endsWith(':')) throw beyond;
    const value = plainScalar(text);
    if (value === undefined) throw beyond;
    return value;
  }

  #quoted(at: number, quote: string): string {
    const { end } = this.#lines;
    let close = this.#lines.find(quote, at + 1);
    while (quote === "'" && close >= 0 && this.#text[close + 1] === "'")
      close = this.#lines.find(quote, close + 2);
    if (close < 0) throw beyond;
    const rest = this.#text.slice(close + 1, end);
    if (rest.trim() !== '' && !/^ +#/.test(rest)) throw beyond;
    const inner = this.#text.slice(at + 1, close);
    if (quote === "'") return inner.includes("''") ? inner.replaceAll("''", "'") : inner;
    if (inner.includes('\\')) throw beyond;
    return inner;
  }

  #blockScalar(at: number, indent: number): ScalarTree {
    const lines = this.#lines;
    const header = this.#text.slice(at, lines.end).trimEnd();
    const style = /^([|>])([-+]?)$/.exec(header);
    if (style === null) throw beyond;
    const place = this.#place(at);
    lines.next();
    const content = lines.takeBlock(indent);
    if (content === undefined) throw beyond;
    const value = blockText(content, style[1] === '>', style[2]!);
    if (value === undefined) throw beyond;
    return { kind: 'scalar', value, ...place };
  }

  #afterSpaces(from: number): number {
    let at = from;
    while (at < this.#lines.end && this.#text[at] === ' ') at++;
    return at;
  }

  #count(): void {
    if (++this.#nodes >= this.#bounds.nodes) throw beyond;
  }

  #place(at: number): Place {
    return { line: this.#lines.number, column: at - this.#lines.start + 1 };
  }
}

/** Whether a text can be a plain scalar, by how it begins. */
function isPlain(text: string): boolean {
  return text !== '' && !/^[\s,[\]{}#&*!|>'"%@`]|^[-?:](?: |$)/.test(text);
}

/** The text of a literal or folded block; undefined for folding that heeds indentation. */
function blockText(lines: readonly string[], folded: boolean, chomp: string): string | undefined {
  let last = lines.length;
  while (last > 0 && lines[last - 1] === '') last--;
  const body = lines.slice(0, last);
  if (body.length === 0) return undefined;
  if (folded && body.some((line) => line.startsWith(' '))) return undefined;
  const text = folded ? foldLines(body) : body.join('\n');
  if (chomp === '-') return text;
  return chomp === '+' ? `${text}\n${'\n'.repeat(lines.length - last)}` : `${text}\n`;
}

/** Neighbouring lines are joined by a blank; n empty lines between them are n line ends. */
function foldLines(lines: readonly string[]): string {
  let text = lines[0]!;
  let empty = lines[0] === '' ? 1 : 0;
  if (empty > 0) text = '\n';
  for (const line of lines.slice(1)) {
    if (line === '') {
      text += '\n';
      empty++;
    } else {
      text += empty > 0 || text === '' ? line : ` ${line}`;
      empty = 0;
    }
  }
  return text;
}
