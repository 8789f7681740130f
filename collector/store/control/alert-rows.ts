import type { Selectable } from 'kysely';
import type { Alert, NewAlert } from '../contract.ts';
import type { Tables } from './tables.ts';

/** Most event ids an alert keeps as evidence. */
export const maxEventIds = 100;

export type AlertRow = Selectable<Tables['alert']>;

export function alertOf(row: AlertRow): Alert {
  return {
    id: row.id,
    ruleId: row.rule_id,
    ruleTitle: row.rule_title,
    level: row.level,
    hostId: row.host_id,
    hostName: row.host_name,
    status: row.status,
    raisedAt: row.raised_at,
    firstEventAt: row.first_event_at,
    lastEventAt: row.last_event_at,
    count: row.count,
    tags: JSON.parse(row.tags),
    reason: row.reason,
    matches: JSON.parse(row.matches),
    eventIds: JSON.parse(row.event_ids),
    event: JSON.parse(row.event),
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    note: row.note,
    verdict: row.verdict,
  };
}

export function rowOf(alert: NewAlert): AlertRow {
  return {
    id: alert.id,
    rule_id: alert.ruleId,
    rule_title: alert.ruleTitle,
    level: alert.level,
    host_id: alert.hostId,
    host_name: alert.hostName,
    status: 'open',
    raised_at: alert.raisedAt,
    first_event_at: alert.firstEventAt,
    last_event_at: alert.lastEventAt,
    count: alert.count,
    tags: JSON.stringify(alert.tags),
    reason: alert.reason,
    matches: JSON.stringify(alert.matches),
    event_ids: JSON.stringify(alert.eventIds.slice(0, maxEventIds)),
    event: JSON.stringify(alert.event),
    changed_at: null,
    changed_by: null,
    note: null,
    verdict: null,
  };
}

/** What changes when the same thing is detected again. */
export function extension(row: AlertRow, again: NewAlert) {
  const ids = new Set<string>([...(JSON.parse(row.event_ids) as string[]), ...again.eventIds]);
  return {
    count: row.count + again.count,
    first_event_at: Math.min(row.first_event_at, again.firstEventAt),
    last_event_at: Math.max(row.last_event_at, again.lastEventAt),
    event_ids: JSON.stringify([...ids].slice(0, maxEventIds)),
  };
}
