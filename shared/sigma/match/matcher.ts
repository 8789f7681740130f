import type { ColumnarEvents } from '../../schema/columns.ts';
import type { EventSpec } from '../../schema/spec.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { logsourceFits } from '../logsource.ts';
import { type OnFault, type OnMatch, Plan } from './plan.ts';

/**
 * Runs rules over events. Plans are made per event type and product when first needed. A rule that throws is set
 * aside and reported once; the others go on.
 */
export class Matcher {
  readonly #rules: readonly CompiledRule[];
  readonly #specs: ReadonlyMap<string, EventSpec>;
  readonly #plans = new Map<string, Plan | null>();
  readonly #setAside = new Set<CompiledRule>();
  readonly #onFault: OnFault;

  constructor(rules: readonly CompiledRule[], specs: readonly EventSpec[], onFault: OnFault) {
    this.#rules = rules;
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.#onFault = onFault;
  }

  /**
   * Calls `onMatch` for every rule and row that match, rows in order. `product` is the host's operating system in
   * Sigma's words. Events of an undeclared type match nothing.
   */
  match(events: ColumnarEvents, product: string, onMatch: OnMatch): void {
    this.#planOf(events.type, product)?.match(events, onMatch);
  }

  #planOf(type: string, product: string): Plan | null {
    const key = `${type}\0${product}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const spec = this.#specs.get(type);
    const plan = spec === undefined ? null : this.#makePlan(spec, product);
    if (this.#plans.size >= planBound) this.#plans.clear();
    this.#plans.set(key, plan);
    return plan;
  }

  #makePlan(spec: EventSpec, product: string): Plan {
    const rules = this.#rules.filter(({ rule }) => logsourceFits(rule.logsource, spec, product));
    const setAside = (compiled: CompiledRule, error: unknown) => {
      if (this.#setAside.has(compiled)) return;
      this.#setAside.add(compiled);
      this.#onFault(compiled, error);
    };
    return new Plan(rules, spec, setAside, (compiled) => this.#setAside.has(compiled));
  }
}

/** Plans kept; types times products stays far below unless product names are made up. */
export const planBound = 256;
