import { createHash } from 'node:crypto';
import type { Logsource } from '../../schema/spec.ts';
import {
  type DetectionRule,
  type RuleHeader,
  type RuleLevel,
  ruleLevels,
  type SigmaDocument,
} from '../document.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import { parseCorrelation } from './correlation.ts';
import { parseDetection } from './detection.ts';
import { entryOf, type MapTree, parseYaml, textOf, textsOf, type YamlDocument } from './yaml.ts';

export interface ParsedFile {
  readonly documents: readonly SigmaDocument[];
  readonly problems: readonly RuleProblem[];
  /** Documents that were refused. */
  readonly refused: number;
}

/** Reads the Sigma documents of one file. Never throws on bad input: what is refused is among the problems. */
export function parseRules(text: string, file: string): ParsedFile {
  const problems = new ProblemSink(file);
  const documents: SigmaDocument[] = [];
  const yaml = parseYaml(text, problems);
  let refused = problems.errorCount;
  for (const document of yaml) {
    const parsed = parseDocument(document, problems);
    if (parsed === undefined) refused++;
    else documents.push(parsed);
  }
  if (yaml.length === 0 && refused === 0) {
    problems.refuse('rule.not_sigma', { line: 1, column: 1 }, 'The file holds no document.');
    refused++;
  }
  return { documents, problems: problems.problems, refused };
}

function parseDocument(document: YamlDocument, problems: ProblemSink): SigmaDocument | undefined {
  const { tree } = document;
  const header = parseHeader(document, problems);
  if (header === undefined) return undefined;
  if (entryOf(tree, 'action') !== undefined)
    return problems.refuse('rule.unsupported', tree, 'Collections by `action` were dropped from Sigma 2.');
  if (entryOf(tree, 'filter') !== undefined)
    return problems.refuse('rule.unsupported', tree, 'Sigma filters are not supported yet.');
  if (entryOf(tree, 'correlation') !== undefined) return parseCorrelation(tree, header, problems);
  return parseDetectionRule(tree, header, problems);
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
    file: problems.file,
    place: { line: tree.line, column: tree.column },
  };
}

/** The same text always gives the same id. */
function derivedId(text: string): string {
  const hex = createHash('sha256').update(text.trim()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function parseDetectionRule(
  tree: MapTree,
  header: RuleHeader,
  problems: ProblemSink,
): DetectionRule | undefined {
  const detection = entryOf(tree, 'detection');
  if (detection === undefined || detection.value.kind !== 'map')
    return problems.refuse('rule.not_sigma', detection?.keyPlace ?? tree, 'The rule has no detection.');
  const logsource = parseLogsource(tree, problems);
  if (logsource === undefined) return undefined;
  const parsed = parseDetection(detection.value, problems);
  return parsed === undefined ? undefined : { kind: 'rule', ...header, logsource, ...parsed };
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
