import {
  Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import type { ErrorCode } from '../../errors.ts';
import type { Scalar } from '../document.ts';
import type { Place, ProblemSink } from '../problem.ts';
import { readBlockYaml } from './block-yaml.ts';
import type { MapTree, Tree } from './tree.ts';

/** Bounds on what one rule file may hold; the largest public rule is 295 kB with some 5,000 values. */
export const yamlBounds = {
  fileLength: 2_000_000,
  documents: 2_000,
  /** Nodes of one document with aliases followed, so that alias bombs stop early. */
  nodes: 50_000,
  depth: 24,
  /** Anchors and aliases in a file; the reader's time grows with their square. */
  references: 200,
} as const;

export interface YamlDocument {
  readonly tree: MapTree;
  /** The text of this document. */
  readonly text: string;
}

class TreeRefusal extends Error {
  readonly code: ErrorCode;

  constructor(message: string, code: ErrorCode = 'rule.too_large') {
    super(message);
    this.code = code;
  }
}

/** Turns one YAML document into a tree. Throws TreeRefusal, caught below, for what is not plain data within bounds. */
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
    if (--this.#left < 0) throw new TreeRefusal(`it has more than ${yamlBounds.nodes} values`);
    if (depth > yamlBounds.depth) throw new TreeRefusal(`it nests deeper than ${yamlBounds.depth}`);
    const place = this.placeOf(node);
    if (node instanceof Alias) return this.build(node.resolve(this.#document), depth + 1);
    if (isMap(node)) {
      const keys = new Set<string>();
      const entries = node.items.map((pair) => ({
        key: this.#keyOf(pair.key, keys),
        keyPlace: this.placeOf(pair.key),
        value: this.build(pair.value, depth + 1),
      }));
      return { kind: 'map', entries, ...place };
    }
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.build(item, depth + 1)), ...place };
    return { kind: 'scalar', value: isScalar(node) ? scalarOf(node.value, node.source) : null, ...place };
  }

  #keyOf(node: unknown, taken: Set<string>): string {
    if (isScalar(node)) {
      const key = String(node.value ?? '');
      if (taken.has(key))
        throw new TreeRefusal(`the key \`${key}\` stands twice in one map`, 'rule.not_yaml');
      taken.add(key);
      return key;
    }
    throw new TreeRefusal('a key is not a plain value', 'rule.invalid');
  }
}

function scalarOf(value: unknown, source: string | undefined): Scalar {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return source ?? value;
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

const top: Place = { line: 1, column: 1 };

/** Anchors and aliases, by the tokens they begin with. */
function countReferences(text: string): number {
  if (!text.includes('&')) return 0;
  let count = 0;
  for (const token of new Lexer().lex(text)) if (/^[&*]/.test(token)) count++;
  return count;
}

/** The documents of a YAML text that are maps. What is not YAML, not a map or beyond the bounds is a problem. */
export function parseYaml(text: string, problems: ProblemSink): readonly YamlDocument[] {
  if (text.length > yamlBounds.fileLength) {
    problems.refuse('rule.too_large', top, `The file is longer than ${yamlBounds.fileLength} characters.`);
    return [];
  }
  const simple = readBlockYaml(text, yamlBounds);
  if (simple !== undefined && simple.length <= yamlBounds.documents)
    return simple.flatMap(({ tree, from, to }) => asDocument(tree, text.slice(from, to), problems) ?? []);
  return parseFully(text, problems);
}

/** As `parseYaml`, for any YAML. */
export function parseFully(text: string, problems: ProblemSink): readonly YamlDocument[] {
  if (countReferences(text) > yamlBounds.references) {
    problems.refuse(
      'rule.too_large',
      top,
      `The file has more than ${yamlBounds.references} anchors and aliases.`,
    );
    return [];
  }
  const lines = new LineCounter();
  const documents = compose(text, lines, problems);
  if (documents.length > yamlBounds.documents) {
    problems.refuse('rule.too_large', top, `The file holds more than ${yamlBounds.documents} documents.`);
    return [];
  }
  return documents.flatMap((document) => readDocument(document, lines, text, problems) ?? []);
}

/** The reader recurses, so what nests too deep ends in a RangeError. Keys are checked in the tree, in linear time. */
function compose(text: string, lineCounter: LineCounter, problems: ProblemSink): readonly Document[] {
  const options = { lineCounter, logLevel: 'silent', prettyErrors: false, uniqueKeys: false } as const;
  try {
    return [...parseAllDocuments(text, options)];
  } catch (error) {
    const tooDeep = error instanceof RangeError;
    const message = tooDeep ? 'The file nests too deep.' : `The YAML reader gave up: ${String(error)}`;
    problems.refuse(tooDeep ? 'rule.too_large' : 'rule.not_yaml', top, message);
    return [];
  }
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
    return asDocument(tree, text.slice(document.range?.[0], document.range?.[2]), problems);
  } catch (error) {
    if (!(error instanceof TreeRefusal) && !(error instanceof RangeError)) throw error;
    const code = error instanceof TreeRefusal ? error.code : 'rule.too_large';
    return problems.refuse(code, place, `The document cannot be taken: ${error.message}.`);
  }
}

function asDocument(tree: Tree, text: string, problems: ProblemSink): YamlDocument | undefined {
  if (tree.kind !== 'map') return problems.refuse('rule.not_sigma', tree, 'The document is not a map.');
  return { tree, text };
}
