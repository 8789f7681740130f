import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../errors.ts';
import type { Logsource } from '../../schema/spec.ts';
import { type RuleHeader, type RuleLevel, ruleLevels, type Scalar, type SigmaDocument } from '../document.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import { resolveActions } from './collection.ts';
import { parseCorrelation } from './correlation.ts';
import { parseDetection } from './detection.ts';
import { parseFilter } from './filter.ts';
import { entryOf, type MapTree, textOf, textsOf } from './tree.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface ParsedFile {
  readonly documents: readonly SigmaDocument[];
  readonly problems: readonly RuleProblem[];
  /** Documents that were refused. */
  readonly refused: number;
  /** For each refused document its first error. */
  readonly reasons: readonly ErrorCode[];
}

/** Reads the Sigma documents of one file. Never throws on bad input: what is refused is among the problems. */
export function parseRules(text: string, file: string): ParsedFile {
  const problems = new ProblemSink(file);
  const documents: SigmaDocument[] = [];
  const yaml = parseYaml(text, problems);
  const collection = resolveActions(yaml, problems);
  if (yaml.length === 0 && problems.errorCount === 0)
    problems.refuse('rule.not_sigma', { line: 1, column: 1 }, 'The file holds no document.');
  const reasons = problems.errors.map(({ code }) => code);
  for (const document of collection) {
    const before = problems.errorCount;
    const parsed = parseDocument(document, problems);
    if (parsed !== undefined) documents.push(parsed);
    else reasons.push(problems.errors[before]!.code);
  }
  return { documents, problems: problems.problems, refused: reasons.length, reasons };
}

function parseDocument(document: YamlDocument, problems: ProblemSink): SigmaDocument | undefined {
  const { tree } = document;
  const header = parseHeader(document, problems);
  if (header === undefined) return undefined;
  if (entryOf(tree, 'correlation') !== undefined) return parseCorrelation(tree, header, problems);
  const isFilter = entryOf(tree, 'filter') !== undefined;
  const detection = isFilter ? undefined : detectionOf(tree, problems);
  if (!isFilter && detection === undefined) return undefined;
  const logsource = parseLogsource(tree, problems);
  if (logsource === undefined) return undefined;
  if (detection === undefined) return parseFilter(tree, header, logsource, problems);
  const parsed = parseDetection(detection, problems);
  return parsed === undefined ? undefined : { kind: 'rule', ...header, logsource, ...parsed };
}

function parseHeader({ tree, text }: YamlDocument, problems: ProblemSink): RuleHeader | undefined {
  const title = textOf(tree, 'title');
  if (title === undefined || title.trim() === '')
    return problems.refuse('rule.not_sigma', tree, 'The document has no title.');
  const level = textOf(tree, 'level');
  if (level !== undefined && !(ruleLevels as readonly string[]).includes(level)) {
    const place = entryOf(tree, 'level')?.value ?? tree;
    return problems.refuse('rule.invalid', place, `\`${level}\` is not a level (${ruleLevels.join(', ')}).`);
  }
  const id = textOf(tree, 'id');
  return {
    id: id === undefined || id.trim() === '' ? derivedId(text) : id.trim(),
    name: textOf(tree, 'name') ?? null,
    title,
    level: (level as RuleLevel | undefined) ?? 'medium',
    status: textOf(tree, 'status') ?? null,
    description: textOf(tree, 'description') ?? '',
    author: textOf(tree, 'author') ?? null,
    tags: textsOf(tree, 'tags'),
    references: textsOf(tree, 'references'),
    falsePositives: textsOf(tree, 'falsepositives'),
    attributes: attributesOf(tree),
    file: problems.file,
    place: { line: tree.line, column: tree.column },
  };
}

/** Keys of a document that are read elsewhere. */
const known: ReadonlySet<string> = new Set([
  ...['id', 'name', 'title', 'level', 'status', 'description', 'author', 'tags', 'references'],
  ...['falsepositives', 'logsource', 'detection', 'correlation', 'filter'],
]);

function attributesOf(tree: MapTree): ReadonlyMap<string, Scalar> {
  const others = tree.entries.flatMap(({ key, value }): readonly (readonly [string, Scalar])[] =>
    value.kind === 'scalar' && !known.has(key) ? [[key, value.value]] : [],
  );
  return new Map(others);
}

/** The same text always gives the same id. */
function derivedId(text: string): string {
  const hex = createHash('sha256').update(text.trim()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function detectionOf(tree: MapTree, problems: ProblemSink): MapTree | undefined {
  const detection = entryOf(tree, 'detection');
  if (detection?.value.kind === 'map') return detection.value;
  return problems.refuse('rule.not_sigma', detection?.keyPlace ?? tree, 'The rule has no detection.');
}

function parseLogsource(tree: MapTree, problems: ProblemSink): Logsource | undefined {
  const entry = entryOf(tree, 'logsource');
  if (entry === undefined || entry.value.kind !== 'map')
    return problems.refuse('rule.not_sigma', entry?.keyPlace ?? tree, 'The rule has no logsource.');
  const category = textOf(entry.value, 'category')?.toLowerCase();
  const product = textOf(entry.value, 'product')?.toLowerCase();
  const service = textOf(entry.value, 'service')?.toLowerCase();
  if (category === undefined && product === undefined && service === undefined)
    return problems.refuse(
      'rule.invalid',
      entry.keyPlace,
      'The logsource gives no category, product or service.',
    );
  return { category, product, service };
}
