/** Correlations by counting anew: every event is kept, every window looked at from the start. */
import type { CompiledCorrelation } from '../../../../shared/sigma/index.ts';

export interface NaiveEvent {
  readonly time: number;
  readonly id: string;
  readonly reference: number;
  readonly fields: Readonly<Record<string, string>>;
}

export interface NaiveFiring {
  readonly value: number;
  readonly lastAt: number;
  readonly episodeAt: number;
  readonly isNew: boolean;
}

interface Found {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly value: number;
}

interface Group {
  /** In order of time, then of arrival. */
  readonly events: NaiveEvent[];
  newestAt: number;
  episodeAt: number;
  firedAt: number;
}

export class NaiveCorrelation {
  readonly #correlation: CompiledCorrelation;
  readonly #groups = new Map<string, Group>();

  constructor(correlation: CompiledCorrelation) {
    this.#correlation = correlation;
  }

  feed(event: NaiveEvent): NaiveFiring | null {
    const { rule, fieldOf } = this.#correlation;
    const textOf = (name: string) => event.fields[fieldOf(event.reference, name)] ?? null;
    if (rule.fields.some((name) => textOf(name) === null)) return null;
    const key = JSON.stringify(rule.groupBy.map(textOf));
    const group = this.#groups.get(key) ?? {
      ...{ events: [], newestAt: Number.NEGATIVE_INFINITY },
      ...{ episodeAt: 0, firedAt: Number.NEGATIVE_INFINITY },
    };
    this.#groups.set(key, group);
    if (event.time < group.newestAt - this.#oldestKept()) return null;
    group.events.push(event);
    group.events.sort((a, b) => a.time - b.time);
    group.newestAt = Math.max(group.newestAt, event.time);
    const found = this.#judge(group, event);
    return found === undefined ? null : this.#episode(group, found);
  }

  #latenessUs(): number {
    return Math.min(60e6, this.#correlation.rule.timespanUs);
  }

  #isByEvent(): boolean {
    return ['event_count', 'temporal', 'temporal_ordered'].includes(this.#correlation.rule.type);
  }

  #oldestKept(): number {
    return this.#correlation.rule.timespanUs + (this.#isByEvent() ? this.#latenessUs() : 0);
  }

  #judge(group: Group, event: NaiveEvent): Found | undefined {
    const { rule } = this.#correlation;
    if (rule.type === 'temporal_ordered') return this.#judgeOrdered(group, event);
    if (!this.#isByEvent()) {
      const inside = group.events.filter((e) => e.time >= group.newestAt - rule.timespanUs);
      return this.#compare(inside, group.newestAt);
    }
    const from = group.events.indexOf(event);
    for (let end = from; end < group.events.length; end++) {
      const lastAt = group.events[end]!.time;
      if (lastAt < group.newestAt - this.#latenessUs() || event.time < lastAt - rule.timespanUs) continue;
      const inside = group.events.slice(0, end + 1).filter((e) => e.time >= lastAt - rule.timespanUs);
      const found = this.#compare(inside, lastAt);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #compare(inside: readonly NaiveEvent[], lastAt: number): Found | undefined {
    const { rule, expression, fieldOf } = this.#correlation;
    const seen = new Map<string, number>();
    const said = (e: NaiveEvent) =>
      rule.type === 'temporal'
        ? String(e.reference)
        : JSON.stringify(rule.fields.map((name) => e.fields[fieldOf(e.reference, name)]));
    for (const e of inside) seen.set(said(e), e.time);
    const byLast = rule.type === 'value_count' || rule.type === 'temporal';
    const firstAt = byLast ? Math.min(...seen.values()) : inside[0]!.time;
    const value = byLast ? seen.size : this.#figure(inside);
    if (expression !== null)
      return truth(expression, (name) => seen.has(name)) ? { firstAt, lastAt, value } : undefined;
    const { least, most, not } = rule.range;
    return value >= least && value <= most && value !== not ? { firstAt, lastAt, value } : undefined;
  }

  #figure(inside: readonly NaiveEvent[]): number {
    const { rule, fieldOf } = this.#correlation;
    if (rule.type === 'event_count') return inside.length;
    const numbers = inside.map((e) => Number(e.fields[fieldOf(e.reference, rule.fields[0]!)]));
    const sum = numbers.reduce((a, b) => a + b, 0);
    if (rule.type === 'value_sum') return sum;
    if (rule.type === 'value_avg') return sum / numbers.length;
    numbers.sort((a, b) => a - b);
    const reached = (n: number) => (100 * n) / numbers.length >= rule.percentile;
    return numbers.find((_, i) => reached(i + 1))!;
  }

  /** Tries every row of events through this one. */
  #judgeOrdered({ events, newestAt }: Group, event: NaiveEvent): Found | undefined {
    const { rule, sequence } = this.#correlation;
    let [firstAt, lastAt] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const extend = (row: readonly NaiveEvent[], from: number): void => {
      if (row.length === sequence.length) {
        const [first, last] = [row[0]!.time, row.at(-1)!.time];
        if (!row.includes(event) || last - first > rule.timespanUs) return;
        if (last < newestAt - this.#latenessUs()) return;
        firstAt = Math.max(firstAt, first);
        lastAt = Math.min(lastAt, last);
        return;
      }
      for (let at = from; at < events.length; at++)
        if (events[at]!.reference === sequence[row.length]) extend([...row, events[at]!], at + 1);
    };
    extend([], 0);
    return Number.isFinite(firstAt) ? { firstAt, lastAt, value: sequence.length } : undefined;
  }

  #episode(group: Group, { firstAt, lastAt, value }: Found): NaiveFiring {
    const span = this.#correlation.rule.timespanUs;
    const cut = Math.floor(lastAt / (10 * span)) * 10 * span;
    const goesOn = lastAt - group.firedAt <= span && group.firedAt >= cut;
    if (!goesOn) group.episodeAt = Math.max(firstAt, cut);
    group.firedAt = Math.max(group.firedAt, lastAt);
    return { value, lastAt, episodeAt: group.episodeAt, isNew: !goesOn };
  }
}

type Expression = NonNullable<CompiledCorrelation['expression']>;

function truth(expression: Expression, has: (name: string) => boolean): boolean {
  if (expression.op === 'selection') return has(expression.name);
  if (expression.op === 'not') return !truth(expression.of, has);
  const held = expression.of.filter((part) => truth(part, has)).length;
  const needed = {
    and: expression.of.length,
    or: 1,
    'at-least': 'least' in expression ? expression.least : 0,
  };
  return held >= needed[expression.op];
}
