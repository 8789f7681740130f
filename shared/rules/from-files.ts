import { applyPipelines, type Pipeline, parsePipeline, type ValueLists } from '../sigma/index.ts';
import {
  compileDocuments,
  type LoadedRules,
  parseTexts,
  type RuleDocuments,
  type RuleText,
} from './compile.ts';
import { listsOf, pathsUnder, type RuleFiles, textOf } from './rule-files.ts';

/**
 * Rules of a bundle: every `rules/….yml` through the pipelines of `pipelines/….yml`, with `lists/NAME.txt` as the list
 * NAME and detectors as `detectors/NAME.yml` say. As with folders, a bad file never stops the others; what is refused is among the problems. Does no I/O.
 */
export function rulesFromFiles(files: RuleFiles): LoadedRules {
  const { before, lists } = documentsFromFiles(files);
  return compileDocuments(before, lists);
}

/** The documents of such files, through their pipelines, and their lists, before they are compiled. */
export function documentsFromFiles(files: RuleFiles): {
  readonly before: RuleDocuments;
  readonly lists: ValueLists;
} {
  const { lists, problems } = listsOf(files);
  const parsed = parseTexts([...textsUnder(files, 'rules/'), ...textsUnder(files, 'detectors/')]);
  const piped = throughPipelines(parsed, textsUnder(files, 'pipelines/'));
  return { before: { ...piped, problems: [...problems, ...piped.problems] }, lists };
}

function textsUnder(files: RuleFiles, folder: string): readonly RuleText[] {
  return pathsUnder(files, folder, /\.ya?ml$/i)
    .filter((path) => !/\.test\.ya?ml$/i.test(path))
    .map((file) => ({ file, text: textOf(files, file) }));
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
  return { ...parsed, documents: applied.documents, problems, reasons };
}
