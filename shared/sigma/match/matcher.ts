import type { ColumnarEvents } from '../../schema/columns.ts';
import type { EventSpec } from '../../schema/spec.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { ValueOverrun } from '../value-tests/test.ts';
import { type OnFault, type OnMatch, Plan } from './plan.ts';
import { declaredSchema, type EventSchema } from './schema.ts';

/**
 * Runs rules over events. Plans are made per kind of events when first needed. A rule that throws is set
 * aside and reported once; the others go on. One whose test overruns on a value goes on too, or else whoever can make
 * such values could silence it.
 */
export class Matcher {
  readonly #rules: readonly CompiledRule[];
  readonly #specs: ReadonlyMap<string, EventSpec>;
  readonly #plans = new Map<string, Plan>();
  readonly #setAside = new Set<CompiledRule>();
  readonly #overran = new Set<CompiledRule>();
  readonly #onFault: OnFault;

  constructor(rules: readonly CompiledRule[], specs: readonly EventSpec[], onFault: OnFault) {
    this.#rules = rules;
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.#onFault = onFault;
  }

  /**
   * Calls `onMatch` for every rule and row that match, rows in order. `product` is the host's operating system in
   * Sigma's words. Events of an undeclared type match nothing. Gives whether rows were looked at: not when no value of
   * theirs can be part of a match.
   */
  match(events: ColumnarEvents, product: string, onMatch: OnMatch): boolean {
    const spec = this.#specs.get(events.type);
    return spec !== undefined && this.matchAs(events, declaredSchema(spec, product), onMatch);
  }

  /** Whether any rule can match events of this type on hosts of this operating system. */
  concerns(type: string, product: string): boolean {
    const spec = this.#specs.get(type);
    return spec !== undefined && this.#planOf(declaredSchema(spec, product)).hasRules;
  }

  /** As `match`, for events of any schema. */
  matchAs(events: ColumnarEvents, schema: EventSchema, onMatch: OnMatch): boolean {
    return this.#planOf(schema).match(events, onMatch);
  }

  #planOf(schema: EventSchema): Plan {
    const known = this.#plans.get(schema.key);
    if (known !== undefined) return known;
    const rules = this.#rules.filter(({ rule }) => schema.fits(rule.logsource));
    const onFault = (compiled: CompiledRule, error: unknown) => {
      const told = error instanceof ValueOverrun ? this.#overran : this.#setAside;
      if (told.has(compiled)) return;
      told.add(compiled);
      this.#onFault(compiled, error);
    };
    const plan = new Plan(
      rules,
      schema,
      onFault,
      (compiled) => this.#setAside.size > 0 && this.#setAside.has(compiled),
    );
    if (this.#plans.size >= planBound) this.#plans.clear();
    this.#plans.set(schema.key, plan);
    return plan;
  }
}

/** Plans kept; types times products stays far below unless product names are made up. */
export const planBound = 256;
