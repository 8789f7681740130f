import type { BacktestInfo } from '../../backtest/asking.ts';
import type { BacktestReport, ExampleAlert, RuleOutcome } from '../../backtest/contract.ts';
import { levels } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { eventJson, eventSchema } from './event.ts';
import { problemOfRule } from './rule-problem.ts';

const number = { type: 'number' } as const;

const difference = nullable(
  object({
    new: { ...count, description: 'Alerts that the rules in force do not raise.' },
    gone: { ...count, description: 'Alerts that only the rules in force raise.' },
    changed: { ...count, description: 'Raised by both, of other events.' },
    same: count,
  }),
);
const days = array(object({ day: text, alerts: count }), 'By the day of their first event, UTC.');

const example = object({
  id: text,
  hostId: text,
  hostName: text,
  firstEventAt: instant,
  reason: text,
  event: eventSchema,
});

const outcome = object({
  id: text,
  title: text,
  level: oneOf(levels),
  alerts: count,
  events: count,
  days,
  hosts: array(object({ id: text, name: text, alerts: count })),
  hostCount: count,
  values: array(object({ field: text, value: text, alerts: count })),
  examples: array(example),
  costNs: nullable({ ...number, description: 'Nanoseconds an event, alone, on a sample of what was read.' }),
  difference,
});

const report = object({
  since: instant,
  until: instant,
  events: object({ stored: count, read: count }),
  rowGroups: object({ all: count, passedOver: count }),
  seconds: number,
  rules: count,
  alerts: count,
  uncounted: count,
  days,
  outcomes: array(outcome, 'Of every rule that raises alerts, those with most first.'),
  difference,
  watchedGone: array(text, 'Of the watched alerts those that would be gone.'),
  problems: array(problemOfRule),
  faults: array(object({ ruleId: text, message: text })),
  damaged: count,
});

const states = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;

const summary = {
  id: text,
  by: text,
  startedAt: instant,
  since: instant,
  until: instant,
  state: oneOf(states),
  progress: nullable(object({ events: count, of: count, alerts: count })),
  failure: nullable(object({ code: text, detail: text })),
};

export const backtestSummarySchema = object(summary);
export const backtestSchema = object({ ...summary, report: nullable(report) });
export type BacktestJson = FromSchema<typeof backtestSchema>;
export type BacktestReportJson = FromSchema<typeof report>;
export type RuleOutcomeJson = FromSchema<typeof outcome>;

export function backtestSummaryJson(
  info: Omit<BacktestInfo, 'report'>,
): FromSchema<typeof backtestSummarySchema> {
  const { id, by, state, progress, failure, startedAt, since, until } = info;
  return {
    ...{ id, by, state, progress, failure },
    ...{ startedAt: toIso(startedAt), since: toIso(since), until: toIso(until) },
  };
}

export function backtestJson(info: BacktestInfo): BacktestJson {
  return { ...backtestSummaryJson(info), report: info.report === null ? null : reportJson(info.report) };
}

function reportJson(all: BacktestReport): BacktestReportJson {
  return {
    ...all,
    since: toIso(all.since),
    until: toIso(all.until),
    outcomes: all.outcomes.map(outcomeJson),
  } as BacktestReportJson;
}

function outcomeJson(one: RuleOutcome): RuleOutcomeJson {
  return { ...one, examples: one.examples.map(exampleJson) } as RuleOutcomeJson;
}

function exampleJson(alert: ExampleAlert) {
  const { id, hostId, hostName, firstEventAt, reason, event } = alert;
  const eventId = String(event['event.id'] ?? '');
  return {
    ...{ id, hostId, hostName, reason, firstEventAt: toIso(firstEventAt) },
    event: eventJson({ id: eventId, hostId, hostName, event }),
  };
}
