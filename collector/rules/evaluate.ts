import { createReadStream } from 'node:fs';
import { catalogue, VedetteError } from '#shared/errors.ts';
import type { Logsource } from '#shared/schema/spec.ts';
import { failureOf, type RuleProblem } from '#shared/sigma/index.ts';
import type { BadDocument } from '#shared/sigma/json/documents.ts';
import { JsonEvaluation, type JsonFiring, type JsonMatch } from '#shared/sigma/json/evaluation.ts';
import { loadRules } from './load.ts';

export interface EvaluateOptions {
  readonly rules: readonly string[];
  /** A file of JSON; `-` is standard input. */
  readonly events: string;
  readonly logsource?: Logsource;
  readonly pipelines: readonly string[];
  readonly listFolders: readonly string[];
  /** Names of the field that says when an event happened; the usual ones when absent. */
  readonly timeFields?: readonly string[];
  /** Matches and firings to tell before it stops. */
  readonly limit: number;
}

/** What is found, as it is printed: one line of JSON each. */
export type EvaluationLine = ReturnType<typeof matchLine> | ReturnType<typeof firingLine>;

export interface EvaluationStats {
  readonly documents: number;
  readonly bad: number;
  /** Events without a time that can be read; correlations do not count them. */
  readonly untimed: number;
  readonly matches: number;
  readonly firings: number;
  readonly rules: number;
  readonly refused: number;
  /** Rules that no pipeline was for. */
  readonly leftOut: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
}

export interface EvaluateHandlers {
  readonly onLine: (line: EvaluationLine) => void;
  /** Resolves once the lines have been taken, so that a slow reader slows the reading of events. */
  readonly taken: () => Promise<unknown>;
  readonly onProblem: (problem: RuleProblem) => void;
  readonly onBad: (bad: BadDocument) => void;
  /** Called now and then with what was done so far. */
  readonly onProgress: (stats: { readonly documents: number; readonly matches: number }) => void;
}

/** Between two tellings of progress. */
const progressMs = 5_000;

/**
 * Runs rules over a file or stream of JSON documents. Throws VedetteError when there is no rule to run
 * (`rule.unreadable`) or the events cannot be read (`event.unreadable`); refused rules and bad documents are told and
 * passed over.
 */
export async function evaluate(
  options: EvaluateOptions,
  handlers: EvaluateHandlers,
): Promise<EvaluationStats> {
  const only = options.logsource === undefined && options.pipelines.length > 0;
  const uses = [{ pipelines: options.pipelines, only }];
  const { ruleSet, problems, refused, leftOut } = await loadRules(options.rules, options.listFolders, uses);
  for (const problem of problems) if (problem.severity === 'error') handlers.onProblem(problem);
  const rules = ruleSet.rules.length + ruleSet.correlations.length;
  if (rules === 0) throw new VedetteError('rule.unreadable', 'No rule was accepted.');
  let left = options.limit;
  const tell = (line: EvaluationLine) => {
    if (left-- > 0) handlers.onLine(line);
  };
  const evaluation = new JsonEvaluation(
    ruleSet,
    {
      onMatch: (match) => tell(matchLine(match)),
      onFiring: (firing) => tell(firingLine(firing)),
      onBad: handlers.onBad,
      onFault: ({ title, file, place }, error) => {
        const { code, detail } = failureOf(title, error);
        const { action } = catalogue[code];
        handlers.onProblem({ severity: 'error', code, file, ...place, message: detail, action });
      },
    },
    { logsource: options.logsource, timeFields: options.timeFields },
  );
  const start = performance.now();
  await feed(options.events, evaluation, handlers, () => left > 0);
  const { documents, bad, untimed, matches, firings } = evaluation.stats;
  if (documents > 0 && documents === bad)
    throw new VedetteError('event.unreadable', `None of the ${documents} documents is an event.`);
  const seconds = (performance.now() - start) / 1000;
  return {
    ...{ documents, bad, untimed, matches, firings, rules, refused, leftOut, seconds },
    eventsPerSecond: (documents - bad) / Math.max(seconds, 1e-9),
  };
}

async function feed(
  file: string,
  evaluation: JsonEvaluation,
  { onProgress, taken }: EvaluateHandlers,
  goesOn: () => boolean,
): Promise<void> {
  let toldAt = performance.now();
  try {
    const input = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of input as AsyncIterable<Uint8Array>) {
      evaluation.push(chunk);
      if (!goesOn()) return;
      await taken();
      if (performance.now() - toldAt < progressMs) continue;
      toldAt = performance.now();
      onProgress(evaluation.stats);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new VedetteError('event.unreadable', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  evaluation.end();
}

function matchLine({ rule, event, line, tests }: JsonMatch) {
  const { id, title, level } = rule;
  return { rule: id, title, level, event, line, tests };
}

function firingLine({ rule, group, value, events }: JsonFiring) {
  const { id, title, level, type } = rule;
  return { rule: id, title, level, correlation: type, group, count: value, events };
}
