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
    central_count: alert.byHost === true ? 0 : alert.count,
    edge_count: alert.byHost === true ? alert.count : 0,
    group_key: alert.groupKey ?? null,
    twin_id: null,
  };
}

/**
 * What changes when the same thing is detected again. Collector and host look at the same events, so their counts are of
 * the same things: the larger one holds, never the sum.
 */
export function extension(row: AlertRow, again: NewAlert) {
  const ids = new Set<string>([...(JSON.parse(row.event_ids) as string[]), ...again.eventIds]);
  const central_count = row.central_count + (again.byHost === true ? 0 : again.count);
  const edge_count = row.edge_count + (again.byHost === true ? again.count : 0);
  return {
    count: Math.max(central_count, edge_count),
    ...{ central_count, edge_count, ...(row.id !== again.id && { twin_id: again.id }) },
    first_event_at: Math.min(row.first_event_at, again.firstEventAt),
    last_event_at: Math.max(row.last_event_at, again.lastEventAt),
    event_ids: JSON.stringify([...ids].slice(0, maxEventIds)),
  };
}
