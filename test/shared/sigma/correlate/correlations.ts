/** Correlations and events for tests. */
import type {
  CompiledCorrelation,
  CorrelationEvent,
  CorrelationOptions,
  Firing,
  RuleSet,
} from '../../../../shared/sigma/index.ts';
import { CorrelationEngine } from '../../../../shared/sigma/index.ts';
import { compileText } from '../rules.ts';

/** Rules `a`, `b` and `c`, then these correlations. */
export function correlationText(...correlations: readonly object[]): string {
  const rules = ['a', 'b', 'c'].map((name) => ({
    ...{ title: name, id: `id-${name}`, name, logsource: { category: 'process_creation' } },
    detection: { s: { Image: `/${name}` }, condition: 's' },
  }));
  const documents = correlations.map((correlation, i) => ({
    ...{ title: `Correlation ${i}`, id: `correlation-${i}`, name: `c${i}` },
    ...('correlation' in correlation ? correlation : { correlation }),
  }));
  return [...rules, ...documents].map((d) => JSON.stringify(d)).join('\n---\n');
}

/** Throws when one is refused. */
export function compiled(...correlations: readonly object[]): RuleSet {
  const { ruleSet, all } = compileText(correlationText(...correlations));
  const refused = all.find((p) => p.severity === 'error');
  if (refused !== undefined) throw new Error(refused.message);
  return ruleSet;
}

export interface Given {
  readonly time: number;
  readonly id?: number;
  readonly fields?: Readonly<Record<string, string>>;
}

export function eventOf({ time, id = 0, fields = {} }: Given): CorrelationEvent {
  return { time, source: 'e', index: id, field: (name) => fields[name] ?? null };
}

/** An engine that can be replaced by one that took up its snapshot. */
export class Runner {
  readonly ruleSet: RuleSet;
  readonly #options: CorrelationOptions;
  engine: CorrelationEngine;

  constructor(ruleSet: RuleSet, options: CorrelationOptions = {}) {
    this.ruleSet = ruleSet;
    this.#options = {
      onFault: (_, error) => {
        throw error;
      },
      ...options,
    };
    this.engine = new CorrelationEngine(ruleSet.correlations, this.#options);
  }

  feed(rule: string, given: Given): readonly Firing[] {
    const compiledRule = this.ruleSet.rules.find((r) => r.rule.name === rule);
    if (compiledRule === undefined) throw new Error(`no rule ${rule}`);
    return this.engine.feed(compiledRule, eventOf(given));
  }

  /** Fires of the first correlation, or null. */
  one(rule: string, given: Given): Firing | null {
    return this.feed(rule, given)[0] ?? null;
  }

  restart(): void {
    const bytes = this.engine.snapshot();
    if (bytes === null) throw new Error('no snapshot');
    this.engine = new CorrelationEngine(this.ruleSet.correlations, this.#options);
    const outcome = this.engine.restore(bytes);
    if (!outcome.taken || outcome.lookbackUs > 0) throw new Error(JSON.stringify(outcome));
  }
}

export function only(ruleSet: RuleSet): CompiledCorrelation {
  return ruleSet.correlations[0]!;
}
