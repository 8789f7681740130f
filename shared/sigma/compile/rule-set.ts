import type { ErrorCode } from '../../errors.ts';
import type { EventSpec } from '../../schema/spec.ts';
import type { CorrelationRule, DetectionRule, FilterRule, Search, SigmaDocument } from '../document.ts';
import { fieldKey, fieldMapOf } from '../fields.ts';
import { logsourceFits } from '../logsource.ts';
import { ProblemSink, type RuleProblem } from '../problem.ts';
import { type CompiledCorrelation, linkCorrelations, type Referred } from './correlation.ts';
import { type AppliedFilter, applyFilters } from './filter.ts';
import type { ValueLists } from './item.ts';
import { type CompiledRule, compileRule } from './rule.ts';

/** Rules that belong together: compiled, with references between them resolved. */
export interface RuleSet {
  readonly rules: readonly CompiledRule[];
  readonly correlations: readonly CompiledCorrelation[];
  /** Already at work in the conditions of the rules they name. */
  readonly filters: readonly AppliedFilter[];
  /** Rules and correlations that only serve correlations and raise no alerts themselves. */
  readonly silent: ReadonlySet<Referred>;
  /** Accepted rules that no declared event type can match, by id. */
  readonly inactive: ReadonlySet<string>;
  /** Numbers that detectors are set to, by detector and parameter; those not named are as usual. */
  readonly detectors?: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface RuleSetOptions {
  readonly lists?: ValueLists;
  /** Event types, for warnings on fields they lack. */
  readonly specs: readonly EventSpec[];
}

export interface CompiledSet {
  readonly ruleSet: RuleSet;
  readonly problems: readonly RuleProblem[];
  /** Documents that were refused. */
  readonly refused: readonly SigmaDocument[];
  /** For each refused document its first error. */
  readonly reasons: readonly ErrorCode[];
}

/**
 * Compiles documents of any number of files together. A bad rule is refused with its problems and takes down only
 * the correlations that refer to it. Of rules with one id the first is kept.
 */
export function compileRules(documents: readonly SigmaDocument[], options: RuleSetOptions): CompiledSet {
  const compiler = new SetCompiler(options);
  for (const document of documents) compiler.add(document);
  return compiler.finish();
}

class SetCompiler {
  readonly #lists: ValueLists;
  readonly #specs: readonly EventSpec[];
  readonly #problems: RuleProblem[] = [];
  readonly #refused: SigmaDocument[] = [];
  readonly #ids = new Map<string, SigmaDocument>();
  readonly #reasons: ErrorCode[] = [];
  readonly #accepted: CompiledRule[] = [];
  /** Those accepted, with filters put upon them. */
  #rules: readonly CompiledRule[] = [];
  readonly #filters: FilterRule[] = [];
  readonly #correlations: CorrelationRule[] = [];
  readonly #inactive = new Set<string>();

  constructor({ lists, specs }: RuleSetOptions) {
    this.#lists = lists ?? new Map();
    this.#specs = specs;
  }

  add(document: SigmaDocument): void {
    const first = this.#ids.get(document.id);
    if (first !== undefined) {
      const problems = new ProblemSink(document.file);
      problems.refuse(
        'rule.duplicate',
        document.place,
        `The id ${document.id} is taken by ${first.file}, line ${first.place.line}.`,
      );
      this.#refuse(document, problems.problems);
      return;
    }
    this.#ids.set(document.id, document);
    if (document.kind === 'correlation') this.#correlations.push(document);
    else if (document.kind === 'filter') this.#filters.push(document);
    else this.#addRule(document);
  }

  #addRule(rule: DetectionRule): void {
    const { compiled, problems } = compileRule(rule, this.#lists);
    if (compiled === undefined) {
      this.#refuse(rule, problems);
      return;
    }
    this.#accepted.push(compiled);
    this.#problems.push(...problems, ...this.#fieldWarnings(rule));
  }

  /** Fields that none of the event types the rule is about has. */
  #fieldWarnings(rule: DetectionRule | FilterRule): readonly RuleProblem[] {
    const product = rule.logsource.product ?? 'linux';
    const specs = this.#specs.filter((spec) => logsourceFits(rule.logsource, spec, product));
    if (specs.length === 0) {
      if (rule.kind === 'rule') this.#inactive.add(rule.id);
      return [];
    }
    const problems = new ProblemSink(rule.file);
    const warned = new Set<string>();
    for (const { field, place } of itemsOf(rule)) {
      if (field === null || warned.has(field)) continue;
      if (specs.some((spec) => fieldMapOf(spec).has(fieldKey(field)))) continue;
      warned.add(field);
      const types = specs.map((spec) => spec.name).join(', ');
      problems.warn(
        'rule.field_unknown',
        place,
        `\`${field}\` is not a field of ${types}; the item never holds.`,
      );
    }
    return problems.problems;
  }

  #applyFilters(): readonly AppliedFilter[] {
    const isCorrelation = (to: string) => this.#correlations.some((c) => c.id === to || c.name === to);
    const filtered = applyFilters(this.#accepted, this.#filters, this.#lists, isCorrelation);
    this.#rules = filtered.rules;
    for (const { filter, problems } of filtered.refused) this.#refuse(filter, problems);
    this.#problems.push(...filtered.warnings);
    for (const { filter } of filtered.applied) this.#problems.push(...this.#fieldWarnings(filter));
    return filtered.applied;
  }

  finish(): CompiledSet {
    const filters = this.#applyFilters();
    const linked = linkCorrelations(this.#correlations, this.#rules, this.#specs);
    for (const { rule, problems } of linked.refused) this.#refuse(rule, problems);
    this.#problems.push(...linked.warnings);
    const { correlations } = linked;
    const loud = new Set(correlations.flatMap(({ rule, refers }) => (rule.generate ? refers : [])));
    const silent = new Set(correlations.flatMap(({ refers }) => refers).filter((each) => !loud.has(each)));
    return {
      ruleSet: { rules: this.#rules, correlations, filters, silent, inactive: this.#inactive },
      problems: this.#problems,
      refused: this.#refused,
      reasons: this.#reasons,
    };
  }

  #refuse(document: SigmaDocument, problems: readonly RuleProblem[]): void {
    this.#refused.push(document);
    const first = problems.find((p) => p.severity === 'error');
    if (first !== undefined) this.#reasons.push(first.code);
    this.#problems.push(...problems);
  }
}

function itemsOf(rule: DetectionRule | FilterRule): ReturnType<typeof itemsOfSearch> {
  return [...rule.searches.values()].flatMap(itemsOfSearch);
}

function itemsOfSearch(search: Search): readonly (Search & { kind: 'item' })['item'][] {
  return search.kind === 'item' ? [search.item] : search.of.flatMap(itemsOfSearch);
}
