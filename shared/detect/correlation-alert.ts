import type { CorrelationRule, Firing } from '../sigma/index.ts';
import { alertId, newAlert } from './alert.ts';
import type { Entity } from './entity.ts';
import type { ExceptionOf } from './hit-fold.ts';
import type { MatchEvent } from './match-event.ts';
import type { Explain } from './pending.ts';
import type { RaisedAlert } from './raised-alert.ts';

/** The alert of a firing; one episode of a group is one alert. `event` is the match that made it fire. */
export function alertOfFiring(
  firing: Firing,
  event: MatchEvent,
  explain: Explain,
  now: number,
  exceptionOf?: ExceptionOf,
): RaisedAlert {
  const { rule } = firing.correlation;
  const group = JSON.stringify(firing.groupValues);
  const subject = [group, String(firing.episodeAt)];
  const key = alertId(rule.id, group);
  const exceptionId = exceptionOf?.(rule, event.hit, () => key);
  return newAlert({
    id: alertId(rule.id, ...subject),
    ...{ key, subject, entity: entityOfGroup(rule, firing), isGroup: true, seen: {} },
    ...(exceptionId !== undefined && { exceptionId }),
    reason: () => reasonOf(rule, firing),
    ...{ rule, evidence: event.evidence(), matches: explain(), now },
    firstEventAt: firing.firstAt,
    lastEventAt: firing.lastAt,
    count: firing.isNew ? firing.events : 1,
    eventIds: firing.eventIds,
  });
}

function entityOfGroup({ groupBy }: CorrelationRule, { groupValues }: Firing): Entity {
  return Object.fromEntries(
    groupBy.flatMap((name, i) => {
      const value = groupValues[i];
      return value === null || value === undefined || name === 'host.id' ? [] : [[name, value]];
    }),
  );
}

function reasonOf(rule: CorrelationRule, firing: Firing): string {
  const told = rule.groupBy.flatMap((name, i) => {
    const value = firing.groupValues[i];
    return value === null || value === undefined || name === 'host.id' ? [] : [`${name} ${value}`];
  });
  const whose = told.length > 0 ? ` for ${told.join(', ')}` : '';
  return `${rule.title}: ${foundText(rule, firing)} within ${spanText(rule.timespanUs)}${whose}.`;
}

function foundText(rule: CorrelationRule, { value, events }: Firing): string {
  const fields = rule.fields.join(' and ');
  const figure = Number.isInteger(value) ? String(value) : value.toPrecision(6);
  switch (rule.type) {
    case 'event_count':
      return `${value} events`;
    case 'value_count':
      return `${value} values of ${fields}`;
    case 'temporal':
      return `${value} of ${rule.refers.length} rules`;
    case 'temporal_ordered':
      return `${value} rules in their order`;
    case 'value_sum':
      return `${fields} adds up to ${figure} over ${events} events`;
    case 'value_avg':
      return `${fields} is ${figure} on average over ${events} events`;
    case 'value_percentile':
      return `percentile ${rule.percentile} of ${fields} is ${figure} over ${events} events`;
    case 'value_median':
      return `the median of ${fields} is ${figure} over ${events} events`;
  }
}

function spanText(us: number): string {
  const seconds = us / 1e6;
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
