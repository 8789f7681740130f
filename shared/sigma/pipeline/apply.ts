import type { Logsource } from '../../schema/spec.ts';
import type { FilterRule, SigmaDocument } from '../document.ts';
import { fallsUnder, logsourceKey } from '../logsource.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import type { Pipeline } from './pipeline.ts';
import { PipelineRefusal } from './refusal.ts';
import { RuleWork } from './rule-work.ts';

export interface Applied {
  /** In the order given, without those refused. */
  readonly documents: readonly SigmaDocument[];
  readonly problems: readonly RuleProblem[];
  readonly refused: readonly SigmaDocument[];
  /** Documents that no step of any pipeline was for: those of other logsources. */
  readonly untouched: readonly SigmaDocument[];
}

/**
 * Runs documents through pipelines, lower priorities first. A rule that a pipeline refuses is among the problems and
 * stops no other. State and what was applied are remembered over all pipelines, for each rule by itself. A filter stays
 * as it is, for rules that go through no pipeline, and gets a variant for each logsource of those that do.
 */
export function applyPipelines(documents: readonly SigmaDocument[], pipelines: readonly Pipeline[]): Applied {
  const inOrder = [...pipelines].sort((a, b) => a.priority - b.priority);
  const logsources = referredLogsources(documents);
  const kinds = kindsOfRules(documents);
  const out = { documents: [], problems: [], refused: [], untouched: [] } as {
    -readonly [K in keyof Applied]: Applied[K][number][];
  };
  for (const document of documents) {
    if (document.kind === 'filter') {
      out.documents.push({ ...document, variants: variantsOf(document, kinds, inOrder) });
      continue;
    }
    const work = new RuleWork(document, logsources(document));
    const problem = runAll(work, inOrder);
    if (problem !== undefined) {
      out.refused.push(document);
      out.problems.push(problem);
      continue;
    }
    const done = work.document;
    out.documents.push(done.kind === 'rule' ? { ...done, piped: true } : done);
    if (!work.touched) out.untouched.push(out.documents.at(-1)!);
  }
  return out;
}

/** Logsources of rules: as written, and as they are by now. */
interface RuleKind {
  readonly written: Logsource;
  readonly current: Logsource;
}

function kindsOfRules(documents: readonly SigmaDocument[]): ReadonlyMap<string, RuleKind> {
  const kinds = new Map<string, RuleKind>();
  for (const document of documents) {
    if (document.kind !== 'rule') continue;
    const { logsource: current, writtenLogsource: written = current } = document;
    const key = logsourceKey(written);
    if (!kinds.has(key)) kinds.set(key, { written, current });
  }
  return kinds;
}

/** What pipelines make of a filter for rules of each logsource that falls under its own. */
function variantsOf(
  filter: FilterRule,
  kinds: ReadonlyMap<string, RuleKind>,
  pipelines: readonly Pipeline[],
): FilterRule['variants'] {
  const variants = new Map(filter.variants);
  for (const [key, { written, current }] of kinds) {
    if (!fallsUnder(written, filter.logsource)) continue;
    const work = new RuleWork({ ...filter, ...variants.get(key), logsource: current }, []);
    const problem = runAll(work, pipelines);
    if (problem !== undefined || work.document.kind !== 'filter') continue;
    const { searches, condition } = work.document;
    variants.set(key, { searches, condition });
  }
  return variants;
}

function runAll(work: RuleWork, pipelines: readonly Pipeline[]): RuleProblem | undefined {
  for (const pipeline of pipelines) {
    work.vars = pipeline.vars;
    for (const step of pipeline.steps) {
      try {
        work.run(step);
      } catch (error) {
        if (!(error instanceof PipelineRefusal)) throw error;
        const { file, place } = work.document;
        const problems = new ProblemSink(file);
        problems.refuse('rule.pipeline_refused', error.place ?? place, `${step.origin}: ${error.message}.`);
        return problems.problems[0];
      }
    }
  }
  return undefined;
}

/** Documents followed from one correlation at most. */
const followedBound = 1_000;

/** The logsources of the rules a correlation refers to, through other correlations too. */
function referredLogsources(
  documents: readonly SigmaDocument[],
): (document: SigmaDocument) => readonly Logsource[] {
  const byName = new Map<string, SigmaDocument[]>();
  for (const document of documents)
    for (const name of [document.id, document.name])
      if (name !== null) (byName.get(name) ?? byName.set(name, []).get(name))?.push(document);
  return (document) => {
    if (document.kind !== 'correlation') return [];
    const seen = new Set<SigmaDocument>([document]);
    for (const one of seen) {
      if (seen.size > followedBound) break;
      if (one.kind !== 'correlation') continue;
      for (const { to } of one.refers) for (const found of byName.get(to) ?? []) seen.add(found);
    }
    return [...seen].flatMap((one) => (one.kind === 'correlation' ? [] : [one.logsource]));
  };
}
