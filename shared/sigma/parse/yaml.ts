import {
  Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import type { Scalar } from '../document.ts';
import type { Place, ProblemSink } from '../problem.ts';

/** Bounds on what one rule file may hold; the largest public rule is 295 kB with some 5,000 values. */
export const yamlBounds = {
  fileLength: 2_000_000,
  documents: 2_000,
  /** Nodes of one document with aliases followed, so that alias bombs stop early. */
  nodes: 50_000,
  depth: 24,
  /** Brackets open at once before the text is handed to the YAML reader, which recurses. */
  nesting: 64,
} as const;

export interface ScalarTree extends Place {
  readonly kind: 'scalar';
  readonly value: Scalar;
}
export interface ListTree extends Place {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}
export interface MapEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: Tree;
}
export interface MapTree extends Place {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
/** A YAML node as plain data with its place; aliases are followed. */
export type Tree = ScalarTree | ListTree | MapTree;

export interface YamlDocument {
  readonly tree: MapTree;
  /** The text of this document. */
  readonly text: string;
}

class TooMuch extends Error {}

/** Turns one YAML document into a tree. Throws TooMuch beyond the bounds; caught below. */
class TreeBuilder {
  #left: number = yamlBounds.nodes;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  placeOf(node: unknown): Place {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  build(node: unknown, depth: number): Tree {
    if (--this.#left < 0) throw new TooMuch(`it has more than ${yamlBounds.nodes} values`);
    if (depth > yamlBounds.depth) throw new TooMuch(`it nests deeper than ${yamlBounds.depth}`);
    const place = this.placeOf(node);
    if (node instanceof Alias) return this.build(node.resolve(this.#document), depth + 1);
    if (isMap(node)) {
      const entries = node.items.map((pair) => ({
        key: this.#keyOf(pair.key),
        keyPlace: this.placeOf(pair.key),
        value: this.build(pair.value, depth + 1),
      }));
      return { kind: 'map', entries, ...place };
    }
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.build(item, depth + 1)), ...place };
    return { kind: 'scalar', value: isScalar(node) ? scalarOf(node.value, node.source) : null, ...place };
  }

  #keyOf(key: unknown): string {
    if (isScalar(key)) return String(key.value ?? '');
    throw new TooMuch('a key is not a plain value');
  }
}

function scalarOf(value: unknown, source: string | undefined): Scalar {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return source ?? value;
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

/** True when brackets open deeper than the bound, outside quotes and comments as far as a scan can tell. */
function nestsTooDeep(text: string): boolean {
  let open = 0;
  for (const [mark] of text.matchAll(/[[{\]}]|\n\S/g)) {
    if (mark === '[' || mark === '{') open++;
    else if (mark === ']' || mark === '}') open = Math.max(0, open - 1);
    else open = 0;
    if (open > yamlBounds.nesting) return true;
  }
  return /^ {1000}/m.test(text) || /(?:- ){200}/.test(text);
}

const top: Place = { line: 1, column: 1 };

/** The documents of a YAML text that are maps. What is not YAML, not a map or beyond the bounds is a problem. */
export function parseYaml(text: string, problems: ProblemSink): readonly YamlDocument[] {
  if (text.length > yamlBounds.fileLength) {
    problems.refuse('rule.too_large', top, `The file is longer than ${yamlBounds.fileLength} characters.`);
    return [];
  }
  if (nestsTooDeep(text)) {
    problems.refuse('rule.too_large', top, `The file nests deeper than ${yamlBounds.nesting}.`);
    return [];
  }
  const lines = new LineCounter();
  let documents: Document[];
  try {
    documents = [...parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', prettyErrors: false })];
  } catch (error) {
    problems.refuse('rule.not_yaml', top, `The YAML reader gave up: ${(error as Error).message}`);
    return [];
  }
  if (documents.length > yamlBounds.documents) {
    problems.refuse('rule.too_large', top, `The file holds more than ${yamlBounds.documents} documents.`);
    return [];
  }
  return documents.flatMap((document) => readDocument(document, lines, text, problems) ?? []);
}

function readDocument(
  document: Document,
  lines: LineCounter,
  text: string,
  problems: ProblemSink,
): YamlDocument | undefined {
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return problems.refuse(
      'rule.not_yaml',
      { line: Math.max(line, 1), column: Math.max(col, 1) },
      error.message,
    );
  }
  if (document.contents === null) return undefined;
  const builder = new TreeBuilder(document, lines);
  const place = builder.placeOf(document.contents);
  try {
    const tree = builder.build(document.contents, 0);
    if (tree.kind !== 'map') return problems.refuse('rule.not_sigma', place, 'The document is not a map.');
    return { tree, text: text.slice(document.range?.[0], document.range?.[2]) };
  } catch (error) {
    if (!(error instanceof TooMuch) && !(error instanceof RangeError)) throw error;
    return problems.refuse('rule.too_large', place, `The document cannot be taken: ${error.message}.`);
  }
}

/** The value of a key of a map. */
export function entryOf(map: MapTree, key: string): MapEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** The text under a key; undefined where there is none or it is no scalar. Numbers and dates come as text. */
export function textOf(map: MapTree, key: string): string | undefined {
  const value = entryOf(map, key)?.value;
  return value?.kind === 'scalar' && value.value !== null ? String(value.value) : undefined;
}

/** The texts under a key, be it one or a list. */
export function textsOf(map: MapTree, key: string): readonly string[] {
  const value = entryOf(map, key)?.value;
  if (value === undefined) return [];
  const items = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => (item.kind === 'scalar' && item.value !== null ? [String(item.value)] : []));
}
