import { eventSpecs } from '#shared/events/registry.gen.ts';
import { valueAt } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import {
  type CompiledCorrelation,
  type CompiledRule,
  Correlator,
  type Firing,
  fieldKey,
  fieldMapOf,
  type MatchedTest,
  type RuleHeader,
} from '#shared/sigma/index.ts';
import type { NewAlert } from '../store/contract.ts';
import { alertId, type Evidence, newAlert } from './alert.ts';

interface Running {
  readonly correlation: CompiledCorrelation;
  readonly correlator: Correlator;
}

type Report = (rule: RuleHeader, error: unknown) => void;

/** All correlations at work: finds the group of each match, counts, and turns firings into alerts. */
export class Correlations {
  readonly lookbackUs: number;
  readonly #byRule = new Map<CompiledRule, Running[]>();
  readonly #setAside = new Set<Running>();
  readonly #report: Report;

  constructor(correlations: readonly CompiledCorrelation[], report: Report) {
    this.#report = report;
    let lookback = 0;
    for (const correlation of correlations) {
      const running = { correlation, correlator: new Correlator(correlation.rule) };
      lookback = Math.max(lookback, running.correlator.lookbackUs);
      for (const rule of correlation.over)
        this.#byRule.set(rule, [...(this.#byRule.get(rule) ?? []), running]);
    }
    this.lookbackUs = lookback;
  }

  /** Whether any correlation counts matches of this rule. */
  concern(rule: CompiledRule): boolean {
    return this.#byRule.has(rule);
  }

  /** Counts one match; matches must come roughly in order of time. */
  feed(
    rule: CompiledRule,
    evidence: Evidence,
    matches: readonly MatchedTest[],
    now: number,
  ): readonly NewAlert[] {
    const alerts: NewAlert[] = [];
    for (const running of this.#byRule.get(rule) ?? []) {
      if (this.#setAside.has(running)) continue;
      try {
        const alert = feedOne(running, rule, evidence, matches, now);
        if (alert !== undefined) alerts.push(alert);
      } catch (error) {
        this.#setAside.add(running);
        this.#report(running.correlation.rule, error);
      }
    }
    return alerts;
  }
}

function feedOne(
  { correlation: { rule }, correlator }: Running,
  base: CompiledRule,
  evidence: Evidence,
  matches: readonly MatchedTest[],
  now: number,
): NewAlert | undefined {
  const fieldOf = (name: string) => {
    const alias = rule.aliases.get(name);
    return alias?.get(base.rule.name ?? '') ?? alias?.get(base.rule.id) ?? name;
  };
  const group = rule.groupBy.map((name) => ({ name, value: fieldValue(evidence, fieldOf(name)) }));
  const value = rule.field === null ? null : fieldValue(evidence, fieldOf(rule.field));
  const key = JSON.stringify(group.map((g) => g.value));
  const { time, eventId } = evidence;
  const firing = correlator.feed(key, { time, eventId, value });
  if (firing === null) return undefined;
  return newAlert({
    id: alertId(rule.id, key, String(firing.episodeAt)),
    reason: reasonOfFiring(rule.title, firing, group, rule.field, rule.timespanUs),
    ...{ rule, evidence, matches, now },
    firstEventAt: firing.firstAt,
    lastEventAt: firing.lastAt,
    count: firing.isNew ? firing.count : 1,
    eventIds: firing.eventIds,
  });
}

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** A field of an event by ECS or Sigma name, as text; null when absent. */
function fieldValue({ origin, events, row }: Evidence, name: string): string | null {
  if (name === 'host.id') return origin.hostId;
  if (name === 'host.name') return origin.hostName;
  const spec = specs[events.type];
  const ecs = spec === undefined ? undefined : fieldMapOf(spec).get(fieldKey(name));
  const column = ecs === undefined ? undefined : events.columns.get(ecs);
  const value = column === undefined ? undefined : valueAt(column, row);
  return value === undefined ? null : String(value);
}

function reasonOfFiring(
  title: string,
  firing: Firing,
  group: readonly { readonly name: string; readonly value: string | null }[],
  field: string | null,
  timespanUs: number,
): string {
  const what = field === null ? 'events' : `values of ${field}`;
  const told = group
    .filter((g) => g.value !== null && g.name !== 'host.id')
    .map((g) => `${g.name} ${g.value}`);
  const whose = told.length > 0 ? ` for ${told.join(', ')}` : '';
  return `${title}: ${firing.count} ${what} within ${spanText(timespanUs)}${whose}.`;
}

function spanText(us: number): string {
  const seconds = us / 1e6;
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
