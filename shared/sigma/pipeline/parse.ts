import type { Scalar } from '../document.ts';
import { entryOf, type MapTree, type Tree, textOf } from '../parse/tree.ts';
import { parseYaml } from '../parse/yaml.ts';
import { type Place, ProblemSink, type RuleProblem } from '../problem.ts';
import { fieldConditions } from './conditions/field.ts';
import { conditionKeys, readConditions } from './conditions/group.ts';
import { itemConditions } from './conditions/item.ts';
import { ruleConditions } from './conditions/rule.ts';
import { Parameters, PipelineFault } from './parameters.ts';
import type { Pipeline } from './pipeline.ts';
import { pipelineBounds } from './refusal.ts';
import type { Step } from './rule-work.ts';
import { transformations } from './transformations/registry.ts';

/** Root keys that are about the text of queries, which are not made here. */
const aboutQueries: readonly string[] = ['postprocessing', 'finalizers'];
const rootKeys: readonly string[] = [
  'name',
  'description',
  'priority',
  'vars',
  'transformations',
  'allowed_backends',
];

export interface ParsedPipeline {
  /** Undefined when anything in it is not understood: half a pipeline would change what rules mean. */
  readonly pipeline: Pipeline | undefined;
  readonly problems: readonly RuleProblem[];
}

/** Reads a processing pipeline in pySigma's YAML form. Never throws on bad input. */
export function parsePipeline(text: string, file: string): ParsedPipeline {
  const problems = new ProblemSink(file);
  const [document, more] = parseYaml(text, problems);
  if (more !== undefined)
    problems.refuse('pipeline.invalid', more.tree, 'A pipeline file holds one document.');
  if (document === undefined && problems.errorCount === 0)
    problems.refuse('pipeline.invalid', { line: 1, column: 1 }, 'The file holds no document.');
  const reader = new PipelineReader(problems);
  const pipeline = document === undefined ? undefined : reader.read(document.tree, file);
  return { pipeline: problems.errorCount > 0 ? undefined : pipeline, problems: problems.problems };
}

class PipelineReader {
  readonly #problems: ProblemSink;
  #name = '';
  #steps = 0;

  constructor(problems: ProblemSink) {
    this.#problems = problems;
  }

  read(tree: MapTree, file: string): Pipeline {
    this.#warnRoot(tree);
    this.#name = textOf(tree, 'name') ?? file;
    const priority = Number(textOf(tree, 'priority') ?? 0);
    if (!Number.isFinite(priority))
      this.#fault('`priority` is not a number.', entryOf(tree, 'priority')!.value);
    const list = entryOf(tree, 'transformations')?.value;
    const steps = list === undefined ? [] : this.#readSteps(list);
    if (this.#steps > pipelineBounds.steps)
      this.#problems.refuse(
        'rule.too_large',
        tree,
        `The pipeline has more than ${pipelineBounds.steps} steps.`,
      );
    return { name: this.#name, file, priority, vars: this.#readVars(tree), steps };
  }

  #warnRoot(tree: MapTree): void {
    for (const { key, keyPlace } of tree.entries) {
      if (aboutQueries.includes(key))
        this.#problems.warn(
          'pipeline.unsupported',
          keyPlace,
          `\`${key}\` is about query text and is left out.`,
        );
      else if (!rootKeys.includes(key))
        this.#fault(`\`${key}\` is not part of a pipeline (${rootKeys.join(', ')}).`, keyPlace);
    }
  }

  #readVars(tree: MapTree): ReadonlyMap<string, readonly Scalar[]> {
    const vars = new Map<string, readonly Scalar[]>();
    const entry = entryOf(tree, 'vars');
    if (entry === undefined) return vars;
    if (entry.value.kind !== 'map') this.#fault('`vars` is not a map.', entry.value);
    else
      for (const { key, value } of entry.value.entries) {
        const items = value.kind === 'list' ? value.items : [value];
        const scalars = items.flatMap((item) =>
          item.kind === 'scalar' && item.value !== null ? [item.value] : [],
        );
        if (scalars.length < items.length)
          this.#fault(`A value of \`${key}\` is not a text or number.`, value);
        vars.set(key, scalars);
      }
    return vars;
  }

  #readSteps(tree: Tree): readonly Step[] {
    if (tree.kind !== 'list') {
      this.#fault('The transformations are not a list.', tree);
      return [];
    }
    return tree.items.flatMap((item) => {
      if (++this.#steps > pipelineBounds.steps) return [];
      try {
        return [this.#readStep(item)];
      } catch (error) {
        if (!(error instanceof PipelineFault)) throw error;
        this.#problems.refuse(error.code, error.place, error.message);
        return [];
      }
    });
  }

  #readStep(tree: Tree): Step {
    if (tree.kind !== 'map') throw new PipelineFault('A transformation is not a map.', tree);
    const type = textOf(tree, 'type');
    if (type === undefined) throw new PipelineFault('A transformation has no type.', tree);
    const transformation = transformations.get(type);
    if (transformation === undefined)
      throw new PipelineFault(
        `\`${type}\` is not a transformation (${[...transformations.keys()].join(', ')}).`,
        entryOf(tree, 'type')!.value,
      );
    const kinds = ['rule', 'detection_item', 'field_name'];
    const parameters = new Parameters(tree, type, ['id', ...kinds.flatMap(conditionKeys)]);
    const transform = transformation.read(parameters, { steps: (inner) => this.#readSteps(inner) });
    parameters.end();
    return {
      id: textOf(tree, 'id') ?? null,
      origin: `${this.#name}, line ${tree.line}`,
      ruleTest: readConditions(tree, 'rule', ruleConditions),
      itemTest: readConditions(tree, 'detection_item', itemConditions),
      fieldTest: readConditions(tree, 'field_name', fieldConditions),
      transform,
      nests: type === 'nest',
    };
  }

  #fault(message: string, place: Place): void {
    this.#problems.refuse('pipeline.invalid', place, message);
  }
}
