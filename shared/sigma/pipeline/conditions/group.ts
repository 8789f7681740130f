import type { Condition } from '../../document.ts';
import { parseCondition } from '../../parse/condition.ts';
import { entryOf, type MapTree, type Tree, textOf } from '../../parse/tree.ts';
import { ProblemSink } from '../../problem.ts';
import { Parameters, PipelineFault } from '../parameters.ts';

/** Keys of a step that hold its conditions; `kind` is `rule`, `detection_item` or `field_name`. */
export function conditionKeys(kind: string): readonly string[] {
  return [`${kind}_conditions`, `${kind}_cond_op`, `${kind}_cond_not`, `${kind}_cond_expr`];
}

/**
 * Reads the conditions of one kind of a step: a list or named ones, joined by `*_cond_op` or put together in
 * `*_cond_expr`, turned round by `*_cond_not`. Without any, they hold. Throws PipelineFault.
 */
export function readConditions<A extends readonly unknown[]>(
  step: MapTree,
  kind: string,
  known: Readonly<Record<string, (parameters: Parameters) => (...given: A) => boolean>>,
): (...given: A) => boolean {
  const entry = entryOf(step, `${kind}_conditions`);
  const options = new Parameters(step, kind, []);
  const negated = options.flag(`${kind}_cond_not`);
  const expression = entryOf(step, `${kind}_cond_expr`)?.value;
  const op = options.oneOf(`${kind}_cond_op`, ['and', 'or'], 'and');
  if (entry === undefined) {
    if (expression !== undefined) options.fail(`\`${kind}_cond_expr\` has no conditions to name`, expression);
    return () => true;
  }
  const tests = readNamed(entry.value, known);
  if (tests.size === 0) return () => true;
  if (expression !== undefined && entryOf(step, `${kind}_cond_op`) !== undefined)
    options.fail(`\`${kind}_cond_expr\` and \`${kind}_cond_op\` exclude each other`, expression);
  const joined =
    expression === undefined
      ? joinTests([...tests.values()], op)
      : readExpression(expression, entry.value.kind === 'map', tests);
  return negated ? (...given) => !joined(...given) : joined;
}

type Test<A extends readonly unknown[]> = (...given: A) => boolean;

function joinTests<A extends readonly unknown[]>(tests: readonly Test<A>[], op: 'and' | 'or'): Test<A> {
  return op === 'and'
    ? (...given) => tests.every((test) => test(...given))
    : (...given) => tests.some((test) => test(...given));
}

/** Conditions by name; those of a list by their number from 1. */
function readNamed<A extends readonly unknown[]>(
  tree: Tree,
  known: Readonly<Record<string, (parameters: Parameters) => Test<A>>>,
): ReadonlyMap<string, Test<A>> {
  if (tree.kind === 'scalar') throw new PipelineFault('The conditions are neither a list nor a map.', tree);
  const named: readonly (readonly [string, Tree])[] =
    tree.kind === 'map'
      ? tree.entries.map(({ key, value }) => [key, value])
      : tree.items.map((item, at) => [String(at + 1), item]);
  return new Map(named.map(([name, value]) => [name, readOne(value, known)]));
}

function readOne<A extends readonly unknown[]>(
  tree: Tree,
  known: Readonly<Record<string, (parameters: Parameters) => Test<A>>>,
): Test<A> {
  if (tree.kind !== 'map') throw new PipelineFault('A condition is not a map.', tree);
  const type = textOf(tree, 'type');
  if (type === undefined) throw new PipelineFault('A condition has no type.', tree);
  const read = Object.hasOwn(known, type) ? known[type] : undefined;
  if (read === undefined)
    throw new PipelineFault(
      `\`${type}\` is not a condition here (${Object.keys(known).join(', ')}).`,
      entryOf(tree, 'type')!.value,
    );
  const parameters = new Parameters(tree, type, []);
  const test = read(parameters);
  parameters.end();
  return test;
}

function readExpression<A extends readonly unknown[]>(
  tree: Tree,
  isNamed: boolean,
  tests: ReadonlyMap<string, Test<A>>,
): Test<A> {
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string')
    throw new PipelineFault('An expression over conditions is not a text.', tree);
  if (!isNamed) throw new PipelineFault('An expression needs conditions with names.', tree);
  const problems = new ProblemSink('');
  const condition = parseCondition(tree.value, tree, [...tests.keys()], problems);
  if (condition === undefined) throw new PipelineFault(problems.errors[0]!.message, problems.errors[0]!);
  const unused = [...tests.keys()].find((name) => !namesIn(condition).has(name));
  if (unused !== undefined)
    throw new PipelineFault(`The expression does not use the condition \`${unused}\`.`, tree);
  return (...given) => evaluate(condition, (name) => tests.get(name)!(...given));
}

function namesIn(condition: Condition): ReadonlySet<string> {
  if (condition.op === 'selection') return new Set([condition.name]);
  const parts = condition.op === 'not' ? [condition.of] : condition.of;
  return new Set(parts.flatMap((part) => [...namesIn(part)]));
}

function evaluate(condition: Condition, holds: (name: string) => boolean): boolean {
  switch (condition.op) {
    case 'selection':
      return holds(condition.name);
    case 'not':
      return !evaluate(condition.of, holds);
    case 'and':
      return condition.of.every((part) => evaluate(part, holds));
    case 'or':
      return condition.of.some((part) => evaluate(part, holds));
    case 'at-least':
      return condition.of.filter((part) => evaluate(part, holds)).length >= condition.least;
  }
}
