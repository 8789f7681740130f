import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import type { ErrorCode } from '#shared/errors.ts';
import {
  applyPipelines,
  builtInPipeline,
  builtInPipelineNames,
  type Pipeline,
  parsePipeline,
  type RuleProblem,
  type SigmaDocument,
} from '#shared/sigma/index.ts';
import { readRuleFiles } from './files.ts';

/** Which rules go through which pipelines. */
export interface PipelineUse {
  /** Names of built-in pipelines, files, and folders of which every `*.yml` below is taken. */
  readonly pipelines: readonly string[];
  /** Files and folders of rules; without it all of them. */
  readonly under?: readonly string[];
  /** Leaves out the rules that no pipeline is for: what they are about is none of the events there are. */
  readonly only?: boolean;
}

export interface LoadedPipelines {
  readonly pipelines: readonly Pipeline[];
  readonly problems: readonly RuleProblem[];
  /** For each pipeline that was refused its first error. */
  readonly reasons: readonly ErrorCode[];
}

/** Loads pipelines by built-in name or from files and folders. What is refused is among the problems. */
export async function loadPipelines(sources: readonly string[]): Promise<LoadedPipelines> {
  const pipelines: Pipeline[] = [];
  const problems: RuleProblem[] = [];
  const reasons: ErrorCode[] = [];
  for (const source of sources) {
    const known = existsSync(source) ? undefined : builtInPipeline(source);
    if (known !== undefined) {
      pipelines.push(known);
      continue;
    }
    const { texts, problems: unread } = await readRuleFiles([source]);
    problems.push(...unread.map((problem) => (problem.file === source ? withNames(problem) : problem)));
    reasons.push(...unread.map(({ code }) => code));
    for (const { text, file } of texts) {
      const parsed = parsePipeline(text, file);
      problems.push(...parsed.problems);
      const error = parsed.problems.find(({ severity }) => severity === 'error');
      if (parsed.pipeline !== undefined) pipelines.push(parsed.pipeline);
      else if (error !== undefined) reasons.push(error.code);
    }
  }
  return { pipelines, problems, reasons };
}

function withNames(problem: RuleProblem): RuleProblem {
  const names = builtInPipelineNames.join(', ');
  return { ...problem, message: `${problem.message} (Built-in pipelines: ${names}.)` };
}

/** Runs documents through the pipelines meant for them. */
export async function applyUses(
  documents: readonly SigmaDocument[],
  uses: readonly PipelineUse[],
): Promise<{
  readonly documents: readonly SigmaDocument[];
  readonly problems: readonly RuleProblem[];
  readonly reasons: readonly ErrorCode[];
  readonly leftOut: number;
}> {
  const problems: RuleProblem[] = [];
  const reasons: ErrorCode[] = [];
  let current = documents;
  let leftOut = 0;
  for (const { pipelines: sources, under, only } of uses) {
    const loaded = await loadPipelines(sources);
    problems.push(...loaded.problems);
    reasons.push(...loaded.reasons);
    if (loaded.pipelines.length === 0) continue;
    const isMeant = ({ file }: SigmaDocument) => under?.some((path) => liesUnder(file, path)) ?? true;
    const applied = applyPipelines(current.filter(isMeant), loaded.pipelines);
    const idle = new Set(only === true ? applied.untouched.filter(({ kind }) => kind === 'rule') : []);
    leftOut += idle.size;
    const kept = applied.documents.filter((document) => !idle.has(document));
    current = [...current.filter((document) => !isMeant(document)), ...kept];
    problems.push(...applied.problems);
    reasons.push(...applied.problems.map(({ code }) => code));
  }
  return { documents: current, problems, reasons, leftOut };
}

function liesUnder(file: string, path: string): boolean {
  return file === path || file.startsWith(path.endsWith(sep) ? path : path + sep);
}
