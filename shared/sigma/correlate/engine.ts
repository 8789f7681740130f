import { createHash } from 'node:crypto';
import type { CompiledCorrelation } from '../compile/correlation.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { correlationBounds } from './bounds.ts';
import { ByteReader, type ByteWriter, SnapshotDamage } from './bytes.ts';
import type { CorrelationEvent, CorrelationStats, Firing } from './contract.ts';
import { Correlator } from './correlator.ts';
import { Budget } from './memory/budget.ts';
import { packSections, type Section, unpackSections } from './snapshot.ts';

export interface CorrelationOptions {
  /** Bytes all correlations may take together. */
  readonly memoryBytes?: number;
  /** Groups of each correlation. */
  readonly keys?: number;
  /** Called once for a correlation that throws, which is a defect; it is set aside and the others go on. */
  readonly onFault?: (correlation: CompiledCorrelation, error: unknown) => void;
}

export type RestoreOutcome =
  | {
      readonly taken: true;
      /** Microseconds of history before the snapshot to feed again to `fresh` ones, which it did not hold. */
      readonly lookbackUs: number;
    }
  | { readonly taken: false; readonly reason: string };

/** `fresh` are the correlations that have no state from a snapshot. */
export type FeedScope = 'all' | 'fresh';

interface Running {
  readonly correlation: CompiledCorrelation;
  readonly key: string;
  correlator: Correlator;
  readonly outer: Target[];
  lookbackUs: number;
  isFresh: boolean;
  isSetAside: boolean;
}

/** A correlation, and which of the rules it refers to is meant. */
interface Target {
  readonly running: Running;
  readonly reference: number;
}

const nothing: readonly Firing[] = [];

/**
 * All correlations of a rule set at work, chains included. Does no I/O and knows no event types: what feeds it says
 * how fields are read. Matches should come roughly in order of time. Everything it holds is bounded.
 */
export class CorrelationEngine {
  readonly #correlations: readonly CompiledCorrelation[];
  readonly #options: CorrelationOptions;
  #budget: Budget;
  #running: readonly Running[] = [];
  #byRule = new Map<CompiledRule, readonly Target[]>();
  #fed = 0;

  constructor(correlations: readonly CompiledCorrelation[], options: CorrelationOptions = {}) {
    this.#correlations = innerFirst(correlations);
    this.#options = options;
    this.#budget = this.#begin();
  }

  /** Microseconds of history that rebuild the state when nothing was restored. */
  get lookbackUs(): number {
    return Math.max(0, ...this.#running.map((r) => r.lookbackUs));
  }

  /** Microseconds of history that those need which nothing was restored for; 0 when there are none. */
  get freshLookbackUs(): number {
    return Math.max(0, ...this.#running.filter((r) => r.isFresh).map((r) => r.lookbackUs));
  }

  /** Grows with every event taken; equal values mean equal state. */
  get revision(): number {
    return this.#fed;
  }

  get stats(): { readonly bytes: number; readonly correlations: readonly CorrelationStats[] } {
    return { bytes: this.#budget.used, correlations: this.#running.map((r) => r.correlator.stats) };
  }

  /** Whether any correlation of the scope counts matches of this rule, itself or through those it refers to. */
  concerns(rule: CompiledRule, scope: FeedScope = 'all'): boolean {
    const targets = this.#byRule.get(rule);
    if (targets === undefined || scope === 'all') return targets !== undefined;
    return targets.some(({ running }) => running.isFresh);
  }

  /**
   * Takes a match; gives what fires, inner correlations before those that refer to them. Firings of correlations
   * that only serve others are among them: `RuleSet.silent` says which.
   */
  feed(rule: CompiledRule, event: CorrelationEvent, scope: FeedScope = 'all'): readonly Firing[] {
    const targets = this.#byRule.get(rule);
    if (targets === undefined) return nothing;
    this.#fed++;
    let firings: Firing[] | undefined;
    for (const target of targets) {
      const firing = this.#feedTo(target, event, scope);
      if (firing === null) continue;
      firings ??= [];
      firings.push(firing);
      if (firing.isNew) this.#chain(target.running, firing, scope, firings);
    }
    return firings ?? nothing;
  }

  #feedTo({ running, reference }: Target, event: CorrelationEvent, scope: FeedScope): Firing | null {
    if (running.isSetAside || (scope === 'fresh' && !running.isFresh)) return null;
    try {
      return running.correlator.feed(reference, event);
    } catch (error) {
      running.isSetAside = true;
      this.#options.onFault?.(running.correlation, error);
      return null;
    }
  }

  /** Feeds the beginning of an episode to the correlations around, and what it makes fire to those around them. */
  #chain(inner: Running, firing: Firing, scope: FeedScope, firings: Firing[]): void {
    if (inner.outer.length === 0) return;
    const event = chained(firing);
    for (const target of inner.outer) {
      const next = this.#feedTo(target, event, scope);
      if (next === null) continue;
      firings.push(next);
      if (next.isNew) this.#chain(target.running, next, scope, firings);
    }
  }

  /** The whole state as bytes, with other parts beside it; null when that is more than the bound. */
  snapshot(beside: readonly Section[] = []): Uint8Array | null {
    const sound = this.#running.filter((r) => !r.isSetAside);
    const sections = sound.map(({ key, correlator }) => ({
      key,
      write: (out: ByteWriter) => correlator.write(out),
    }));
    return packSections([...sections, ...beside], correlationBounds.snapshotBytes);
  }

  /**
   * Takes up a snapshot in place of the state there is. Correlations that it does not hold as they are now begin
   * empty, and so do those they refer to, for their firings are to be seen again. What is no snapshot is refused and
   * leaves everything empty.
   */
  restore(bytes: Uint8Array): RestoreOutcome {
    this.#budget = this.#begin();
    try {
      const sections = unpackSections(bytes);
      this.#markFresh(sections);
      for (const running of this.#running) {
        if (running.isFresh) continue;
        const from = new ByteReader(sections.get(running.key)!);
        running.correlator.read(from);
        if (from.left > 0) throw new SnapshotDamage('a section goes on after its end');
      }
    } catch (error) {
      this.#budget = this.#begin();
      if (error instanceof SnapshotDamage || error instanceof RangeError)
        return { taken: false, reason: error.message };
      throw error;
    }
    const fresh = this.#running.filter((r) => r.isFresh);
    return { taken: true, lookbackUs: Math.max(0, ...fresh.map((r) => r.lookbackUs)) };
  }

  #markFresh(sections: ReadonlyMap<string, Uint8Array>): void {
    const inner = new Map(this.#running.map((r) => [r.correlation, r]));
    for (const running of this.#running) running.isFresh = !sections.has(running.key);
    for (const { isFresh, correlation } of this.#running.toReversed()) {
      if (!isFresh) continue;
      for (const referred of correlation.refers) {
        const found = 'refers' in referred ? inner.get(referred) : undefined;
        if (found !== undefined) found.isFresh = true;
      }
    }
  }

  /** Empty state. */
  #begin(): Budget {
    const { memoryBytes, keys } = this.#options;
    const budget = new Budget(memoryBytes ?? correlationBounds.memoryBytes);
    const byCorrelation = new Map<CompiledCorrelation, Running>();
    this.#byRule = new Map();
    for (const correlation of this.#correlations) {
      const correlator = new Correlator(correlation, budget, keys);
      const inner = correlation.refers.flatMap((referred) =>
        'refers' in referred ? [byCorrelation.get(referred)!] : [],
      );
      const running: Running = {
        ...{ correlation, correlator, outer: [], isFresh: true, isSetAside: false },
        key: keyOf(correlation, inner),
        lookbackUs: correlator.lookbackUs + Math.max(0, ...inner.map((r) => r.lookbackUs)),
      };
      byCorrelation.set(correlation, running);
      for (const [reference, referred] of correlation.refers.entries()) {
        if ('refers' in referred) byCorrelation.get(referred)!.outer.push({ running, reference });
        else this.#byRule.set(referred, [...(this.#byRule.get(referred) ?? []), { running, reference }]);
      }
    }
    this.#running = [...byCorrelation.values()];
    return budget;
  }
}

/** A firing as an event: at the time of its last event, with the fields of the one that made it fire and its aliases. */
function chained({ correlation, event, lastAt, reference }: Firing): CorrelationEvent {
  return {
    time: lastAt,
    source: event.source,
    index: event.index,
    field: (name) => event.field(correlation.fieldOf(reference, name)),
  };
}

/** Correlations after all they refer to, and otherwise in their order. */
function innerFirst(correlations: readonly CompiledCorrelation[]): readonly CompiledCorrelation[] {
  const placed = new Set<CompiledCorrelation>();
  const place = (correlation: CompiledCorrelation): void => {
    if (placed.has(correlation)) return;
    for (const referred of correlation.refers) if ('refers' in referred) place(referred);
    placed.add(correlation);
  };
  correlations.forEach(place);
  return [...placed];
}

/** The same for correlations whose state means the same: what they say, and what those they refer to say. */
function keyOf({ rule, refers }: CompiledCorrelation, inner: readonly Running[]): string {
  const { id, type, groupBy, fields, percentile, timespanUs, range, condition } = rule;
  const aliases = [...rule.aliases].map(([alias, fieldByRule]) => [alias, [...fieldByRule]]);
  const rules = refers.map(({ rule: { id: referred } }) => referred);
  const bounds = [range.least, range.most, range.not].map(String);
  const said = [
    id,
    type,
    rules,
    groupBy,
    fields,
    percentile,
    timespanUs,
    bounds,
    condition?.text ?? null,
    aliases,
  ];
  return createHash('sha256')
    .update(JSON.stringify([said, inner.map((r) => r.key)]))
    .digest('hex');
}
