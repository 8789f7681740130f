/** Pipelines and raw events for tests. */
import type { Column, ColumnarEvents } from '../../../shared/schema/columns.ts';
import {
  applyPipelines,
  compileRules,
  Matcher,
  openSchema,
  type Pipeline,
  parsePipeline,
  parseRules,
  type RuleProblem,
} from '../../../shared/sigma/index.ts';
import { specs } from './rules.ts';

export type Raw = Readonly<Record<string, unknown>>;

/** A pipeline of these steps. Throws when it is refused. */
export function pipelineOf(steps: readonly Raw[], root: Raw = {}): Pipeline {
  const text = JSON.stringify({ name: 'test', ...root, transformations: steps });
  const { pipeline, problems } = parsePipeline(text, 'pipeline.yml');
  if (pipeline === undefined) throw new Error(problems[0]?.message);
  return pipeline;
}

/** The first problem of a pipeline of these steps. */
export function faultOf(steps: unknown, root: Raw = {}): RuleProblem | undefined {
  return parsePipeline(JSON.stringify({ name: 'test', ...root, transformations: steps }), 'pipeline.yml')
    .problems[0];
}

/** A rule with this detection as text; several are joined with `---`. */
export function ruleOf(id: string, logsource: Raw, detection: Raw, more: Raw = {}): string {
  return JSON.stringify({ title: id, id, logsource, detection: { condition: 'sel', ...detection }, ...more });
}

/** Nested objects as dotted columns, as readers of raw events give them. */
export function columnsOf(event: Raw): ColumnarEvents {
  const columns = new Map<string, Column>();
  const add = (prefix: string, value: unknown) => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) columns.set(prefix, listOf(value.map(String)));
    else if (typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) add(prefix === '' ? key : `${prefix}.${key}`, inner);
    else columns.set(prefix, { kind: 'string', dictionary: [String(value)], index: Uint8Array.of(1) });
  };
  add('', event);
  return { type: 'raw', count: 1, times: Float64Array.of(0), columns };
}

function listOf(values: readonly string[]): Column {
  return {
    kind: 'list',
    dictionary: values,
    offsets: Uint32Array.of(0, values.length),
    index: Uint32Array.from(values, (_, at) => at + 1),
    present: Uint8Array.of(1),
  };
}

/** Ids of the rules that match a raw event once they went through the pipelines. Throws when one is refused. */
export function matchedBy(rules: string, pipelines: readonly Pipeline[], event: Raw): readonly string[] {
  const parsed = parseRules(rules, 'rules.yml');
  const applied = applyPipelines(parsed.documents, pipelines);
  const compiled = compileRules(applied.documents, { specs: [] });
  const problem = [...parsed.problems, ...applied.problems, ...compiled.problems].find(
    (p) => p.severity === 'error',
  );
  if (problem !== undefined) throw new Error(`${problem.code}: ${problem.message}`);
  const matcher = new Matcher(compiled.ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  const found: string[] = [];
  matcher.matchAs(columnsOf(event), openSchema(), ({ rule }) => found.push(rule.id));
  return found;
}

/** Whether a rule with this selection matches an event after these steps. */
export function holdsAfter(steps: readonly Raw[], selection: unknown, event: Raw, root: Raw = {}): boolean {
  const rule = ruleOf('r', { category: 'process_creation', product: 'windows' }, { sel: selection } as Raw);
  return matchedBy(rule, [pipelineOf(steps, root)], event).length === 1;
}

/** Why a rule with this detection is refused by these steps. */
export function refusalOf(steps: readonly Raw[], detection: Raw): RuleProblem | undefined {
  const rule = ruleOf('r', { category: 'process_creation' }, detection);
  return applyPipelines(parseRules(rule, 'rules.yml').documents, [pipelineOf(steps)]).problems[0];
}
