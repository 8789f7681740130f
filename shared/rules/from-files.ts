import { basename } from 'node:path/posix';
import { catalogue } from '../errors.ts';
import { applyPipelines, type Pipeline, parsePipeline, type RuleProblem } from '../sigma/index.ts';
import {
  compileDocuments,
  type LoadedRules,
  parseTexts,
  type RuleDocuments,
  type RuleText,
} from './compile.ts';
import { listBounds, listValues } from './list-values.ts';

/** Files by path, with `/` between folders. */
export type RuleFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Rules of a bundle: every `rules/….yml` through the pipelines of `pipelines/….yml`, with `lists/NAME.txt` as the list
 * NAME. As with folders, a bad file never stops the others; what is refused is among the problems. Does no I/O.
 */
export function rulesFromFiles(files: RuleFiles): LoadedRules {
  const { lists, problems } = listsOf(files);
  const parsed = parseTexts(textsUnder(files, 'rules/'));
  const piped = throughPipelines(parsed, textsUnder(files, 'pipelines/'));
  return compileDocuments({ ...piped, problems: [...problems, ...piped.problems] }, lists);
}

function textsUnder(files: RuleFiles, folder: string): readonly RuleText[] {
  return pathsUnder(files, folder, /\.ya?ml$/i)
    .filter((path) => !/\.test\.ya?ml$/i.test(path))
    .map((file) => ({ file, text: textOf(files, file) }));
}

function pathsUnder(files: RuleFiles, folder: string, ending: RegExp): readonly string[] {
  return [...files.keys()].filter((path) => path.startsWith(folder) && ending.test(path)).sort();
}

function textOf(files: RuleFiles, path: string): string {
  return new TextDecoder().decode(files.get(path));
}

function throughPipelines(parsed: RuleDocuments, texts: readonly RuleText[]): RuleDocuments {
  const pipelines: Pipeline[] = [];
  const problems = [...parsed.problems];
  const reasons = [...parsed.reasons];
  for (const { file, text } of texts) {
    const read = parsePipeline(text, file);
    problems.push(...read.problems);
    const error = read.problems.find(({ severity }) => severity === 'error');
    if (read.pipeline !== undefined) pipelines.push(read.pipeline);
    else if (error !== undefined) reasons.push(error.code);
  }
  if (pipelines.length === 0) return { ...parsed, problems, reasons };
  const applied = applyPipelines(parsed.documents, pipelines);
  problems.push(...applied.problems);
  reasons.push(...applied.problems.map(({ code }) => code));
  return { documents: applied.documents, problems, reasons };
}

function listsOf(files: RuleFiles): {
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly RuleProblem[];
} {
  const lists = new Map<string, readonly string[]>();
  const problems: RuleProblem[] = [];
  for (const path of pathsUnder(files, 'lists/', /\.txt$/)) {
    const isLong = (files.get(path)?.length ?? 0) > listBounds.sizeBytes;
    const values = isLong
      ? `The list is larger than ${listBounds.sizeBytes} bytes.`
      : listValues(textOf(files, path));
    const name = basename(path, '.txt');
    if (typeof values === 'string') problems.push(problemOf(path, values));
    else lists.set(name, [...(lists.get(name) ?? []), ...values]);
  }
  return { lists, problems };
}

function problemOf(file: string, message: string): RuleProblem {
  const code = 'rule.unreadable';
  return { severity: 'error', code, file, line: 1, column: 1, message, action: catalogue[code].action };
}
