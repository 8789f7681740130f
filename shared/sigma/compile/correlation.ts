import type { EventSpec } from '../../schema/spec.ts';
import type { Condition, CorrelationRule } from '../document.ts';
import { fieldKey, fieldMapOf } from '../fields.ts';
import { logsourceFits } from '../logsource.ts';
import { parseCondition } from '../parse/condition.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import type { CompiledRule } from './rule.ts';

/** A correlation with what it refers to found. */
export interface CompiledCorrelation {
  readonly rule: CorrelationRule;
  /** What it refers to, in the order it says. */
  readonly refers: readonly Referred[];
  /** The rules among them. */
  readonly over: readonly CompiledRule[];
  /** Of `temporal`: the condition's expression, whose names are places in `refers`; null for a range. */
  readonly expression: Condition | null;
  /** Of `temporal_ordered`: places in `refers` in the order asked for. */
  readonly sequence: readonly number[];
  /** The field that a name stands for in events of `refers[reference]`, aliases resolved. */
  readonly fieldOf: (reference: number, name: string) => string;
}

export type Referred = CompiledRule | CompiledCorrelation;

/** How deep correlations may refer to correlations. */
export const chainBound = 16;
/** Correlations being linked at once; it only keeps a hostile chain from exhausting the stack. */
const openBound = 256;

/** Fields every event has through its origin; correlations may group by them. */
export const hostFields: readonly string[] = ['host.id', 'host.name'];

export interface LinkedCorrelations {
  readonly correlations: readonly CompiledCorrelation[];
  /** Of those that are linked. */
  readonly warnings: readonly RuleProblem[];
  readonly refused: readonly {
    readonly rule: CorrelationRule;
    readonly problems: readonly RuleProblem[];
  }[];
}

/**
 * Resolves what correlations refer to: by id, else by name in the same file, else by name anywhere. Never throws on
 * bad input: a correlation that refers to nothing, to several, to itself, or to one that is refused is refused.
 */
export function linkCorrelations(
  documents: readonly CorrelationRule[],
  rules: readonly CompiledRule[],
  specs: readonly EventSpec[],
): LinkedCorrelations {
  const linker = new Linker(documents, rules, specs);
  const correlations = documents.flatMap((document) => linker.link(document) ?? []);
  return { correlations, warnings: linker.warnings, refused: linker.refused };
}

/** What a reference may mean. */
type Named = CompiledRule | CorrelationRule;

class Linker {
  readonly warnings: RuleProblem[] = [];
  readonly refused: LinkedCorrelations['refused'][number][] = [];
  readonly #byId = new Map<string, Named>();
  readonly #byName = new Map<string, Named[]>();
  readonly #specs: readonly EventSpec[];
  /** Undefined for those refused. */
  readonly #done = new Map<CorrelationRule, CompiledCorrelation | undefined>();
  /** Correlations on the longest way down. */
  readonly #depths = new Map<Referred, number>();
  /** By correlation and field: whether what it is fed from has the field. Many ways may lead to one correlation. */
  readonly #known = new Map<CompiledCorrelation, Map<string, boolean>>();
  /** Those being linked, outermost first. */
  readonly #open: CorrelationRule[] = [];

  constructor(
    documents: readonly CorrelationRule[],
    rules: readonly CompiledRule[],
    specs: readonly EventSpec[],
  ) {
    this.#specs = specs;
    for (const each of [...rules, ...documents]) {
      const { id, name } = documentOf(each);
      this.#byId.set(id, each);
      if (name === null) continue;
      const namesakes = this.#byName.get(name);
      if (namesakes === undefined) this.#byName.set(name, [each]);
      else namesakes.push(each);
    }
  }

  link(document: CorrelationRule): CompiledCorrelation | undefined {
    if (this.#done.has(document)) return this.#done.get(document);
    const problems = new ProblemSink(document.file);
    this.#open.push(document);
    const found = document.refers.map((reference) => this.#resolve(reference, document, problems));
    this.#open.pop();
    const refers = found.flatMap((referred) => referred ?? []);
    const linked = problems.errorCount > 0 ? undefined : this.#compile(document, refers, problems);
    if (linked === undefined) this.refused.push({ rule: document, problems: problems.problems });
    else this.warnings.push(...problems.problems);
    this.#done.set(document, linked);
    return linked;
  }

  #resolve(
    { to, place }: CorrelationRule['refers'][number],
    from: CorrelationRule,
    problems: ProblemSink,
  ): Referred | undefined {
    const [found, ...more] = this.#named(to, from.file);
    if (found === undefined)
      return problems.refuse('rule.invalid', place, `No accepted rule has the id or name \`${to}\`.`);
    if (more.length > 0)
      return problems.refuse('rule.invalid', place, `Several rules have the name \`${to}\`; refer by id.`);
    if (!('kind' in found)) return found;
    if (this.#open.includes(found))
      return problems.refuse('rule.invalid', place, `\`${to}\` refers back to this correlation.`);
    const linked = this.#open.length < openBound ? this.link(found) : undefined;
    if (linked === undefined)
      return problems.refuse('rule.invalid', place, `The correlation \`${to}\` was refused.`);
    if (this.#depthOf(linked) >= chainBound)
      return problems.refuse('rule.too_large', place, `Correlations chain deeper than ${chainBound}.`);
    return linked;
  }

  #depthOf(referred: Referred): number {
    return this.#depths.get(referred) ?? 0;
  }

  #named(to: string, file: string): readonly Named[] {
    const byId = this.#byId.get(to);
    if (byId !== undefined) return [byId];
    const byName = this.#byName.get(to) ?? [];
    const near = byName.filter((each) => documentOf(each).file === file);
    return near.length > 0 ? near : byName;
  }

  #compile(
    rule: CorrelationRule,
    refers: readonly Referred[],
    problems: ProblemSink,
  ): CompiledCorrelation | undefined {
    const names = refers.map(({ rule: { id, name } }, i) => [
      rule.refers[i]!.to,
      id,
      ...(name === null ? [] : [name]),
    ]);
    checkTwice(rule, refers, problems);
    checkAliases(rule, names.flat(), problems);
    const condition = resolveCondition(rule, names, problems);
    if (condition === undefined || problems.errorCount > 0) return undefined;
    const fieldOf = (reference: number, name: string): string => {
      const alias = rule.aliases.get(name);
      const known = names[reference]!.find((referred) => alias?.has(referred));
      return known === undefined ? name : alias!.get(known)!;
    };
    const over = refers.flatMap((referred) => ('refers' in referred ? [] : [referred]));
    const compiled = { rule, refers, over, ...condition, fieldOf };
    this.#warnFields(compiled, problems);
    this.#depths.set(compiled, 1 + Math.max(...refers.map((referred) => this.#depthOf(referred))));
    return compiled;
  }

  #warnFields(compiled: CompiledCorrelation, problems: ProblemSink): void {
    const { rule, refers, fieldOf } = compiled;
    for (const name of [...rule.groupBy, ...rule.fields]) {
      if (refers.some((referred, i) => this.#knows(referred, fieldOf(i, name)))) continue;
      problems.warn('rule.field_unknown', rule.place, `\`${name}\` is not a field of the events it counts.`);
    }
  }

  #correlationKnows(correlation: CompiledCorrelation, name: string): boolean {
    const known = this.#known.get(correlation) ?? new Map<string, boolean>();
    this.#known.set(correlation, known);
    const found =
      known.get(name) ??
      correlation.refers.some((inner, i) => this.#knows(inner, correlation.fieldOf(i, name)));
    known.set(name, found);
    return found;
  }

  /** Whether events of a rule, or those a correlation is fed from, have a field. */
  #knows(referred: Referred, name: string): boolean {
    if (hostFields.includes(name)) return true;
    if ('refers' in referred) return this.#correlationKnows(referred, name);
    const { logsource } = referred.rule;
    return this.#specs.some(
      (spec) =>
        logsourceFits(logsource, spec, logsource.product ?? 'linux') && fieldMapOf(spec).has(fieldKey(name)),
    );
  }
}

function documentOf(each: Named): { id: string; name: string | null; file: string } {
  return 'kind' in each ? each : each.rule;
}

function checkTwice(rule: CorrelationRule, refers: readonly Referred[], problems: ProblemSink): void {
  for (const [i, { to, place }] of rule.refers.entries())
    if (refers.indexOf(refers[i]!) < i)
      problems.refuse('rule.invalid', place, `\`${to}\` is referred to twice, by its id and its name.`);
}

function checkAliases(rule: CorrelationRule, names: readonly string[], problems: ProblemSink): void {
  for (const [alias, byRule] of rule.aliases)
    for (const name of byRule.keys())
      if (!names.includes(name))
        problems.refuse(
          'rule.invalid',
          rule.aliasPlace,
          `The alias \`${alias}\` is about \`${name}\`, which the correlation does not refer to.`,
        );
}

/** The text of the condition over the rules referred to, by any of their names. */
function resolveCondition(
  rule: CorrelationRule,
  names: readonly (readonly string[])[],
  problems: ProblemSink,
): Pick<CompiledCorrelation, 'expression' | 'sequence'> | undefined {
  const everyRule = names.map((_, i) => i);
  if (rule.type === 'temporal_ordered' && rule.condition === null && rule.range.least !== names.length)
    return problems.refuse(
      'rule.unsupported',
      rule.place,
      '`temporal_ordered` cannot count: all its rules must be seen, in order. Use `temporal`, or a list with `and`.',
    );
  if (rule.condition === null) return { expression: null, sequence: everyRule };
  const { text, place } = rule.condition;
  const parsed = parseCondition(text, place, [...new Set(names.flat())], problems, 'a rule referred to');
  if (parsed === undefined) return undefined;
  const expression = numbered(parsed, names);
  if (rule.type === 'temporal') return { expression, sequence: everyRule };
  const sequence = sequenceOf(expression);
  if (sequence !== undefined && new Set(sequence).size === sequence.length) return { expression, sequence };
  return problems.refuse(
    'rule.unsupported',
    place,
    'The condition of `temporal_ordered` must be rules joined by `and`, each once, in the order they are to be seen.',
  );
}

function numbered(condition: Condition, names: readonly (readonly string[])[]): Condition {
  switch (condition.op) {
    case 'selection':
      return { ...condition, name: String(names.findIndex((of) => of.includes(condition.name))) };
    case 'not':
      return { op: 'not', of: numbered(condition.of, names) };
    default:
      return { ...condition, of: condition.of.map((part) => numbered(part, names)) };
  }
}

function sequenceOf(condition: Condition): readonly number[] | undefined {
  if (condition.op === 'selection') return [Number(condition.name)];
  if (condition.op !== 'and') return undefined;
  const parts = condition.of.map(sequenceOf);
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
}
