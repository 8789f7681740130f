import type { Kysely, Selectable } from 'kysely';
import { joinEvidence } from '#shared/detect/evidence-list.ts';
import { extendSamples, type ValueSample } from '#shared/detect/seen-values.ts';
import type { Alert, NewAlert } from '../contract.ts';
import type { ConfidenceWords } from './alert-confidence.ts';
import type { Tables } from './tables.ts';

export type AlertRow = Selectable<Tables['alert']>;

/** Alerts with their frozen trees. */
export const withTrees = (db: Kysely<Tables>) =>
  db
    .selectFrom('alert')
    .leftJoin('alert_tree', 'alert_tree.id', 'alert.id')
    .selectAll('alert')
    .select('alert_tree.tree as tree');

/** `tree` where it was asked for. */
export function alertOf({ tree, ...row }: AlertRow & { readonly tree?: string | null }): Alert {
  return {
    id: row.id,
    key: row.entity_key,
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
    confidence: row.confidence,
    confidenceReason: row.confidence_reason,
    response: row.response,
    entity: JSON.parse(row.entity),
    samples: JSON.parse(row.samples),
    previousId: row.previous_id,
    storyId: row.story_id,
    tree: tree == null ? null : JSON.parse(tree),
    matches: JSON.parse(row.matches),
    eventIds: JSON.parse(row.event_ids),
    event: JSON.parse(row.event),
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    note: row.note,
    verdict: row.verdict,
  };
}

/** The user an alert is counted to; the superuser of one host is not that of another. */
function userOf({ event, hostName }: NewAlert): string | null {
  const name = event['user.effective.name'] ?? event['user.name'];
  if (typeof name !== 'string' || name === '') return null;
  return name === 'root' ? `root@${hostName}` : name;
}

/** What the collector saw of itself or of a host's agent is no part of an attack on a host. */
const isOfCollector = ({ event }: NewAlert) => event.type.startsWith('collector.');

const namesProcess = ({ event }: NewAlert) =>
  event['process.entity_id'] !== undefined || event['process.pid'] !== undefined;

/** Processes around the one an alert is about, as they were known soon after it was raised. */
export type FrozenTree = NonNullable<Alert['tree']>;

export const hourOf = (us: number) => Math.floor(us / 3_600_000_000);

/** What is known of an alert when it begins. */
export type Begun = ConfidenceWords & { readonly previousId: string | null };

export function rowOf(alert: NewAlert, begun: Begun): AlertRow {
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
    event_ids: JSON.stringify(joinEvidence(alert.eventIds, [])),
    event: JSON.stringify(alert.event),
    changed_at: null,
    changed_by: null,
    note: null,
    verdict: null,
    central_count: alert.byHost === true ? 0 : alert.count,
    edge_count: alert.byHost === true ? alert.count : 0,
    entity_key: alert.key ?? null,
    entity: JSON.stringify(alert.entity ?? {}),
    samples: JSON.stringify(extendSamples([], alert.seen ?? {})),
    confidence: begun.confidence,
    confidence_reason: begun.reason,
    response: alert.response ?? null,
    previous_id: begun.previousId,
    user_name: userOf(alert),
    opened_hour: hourOf(alert.firstEventAt),
    story_id: null,
    needs_story: isOfCollector(alert) ? 0 : 1,
    needs_tree: namesProcess(alert) ? 1 : 0,
  };
}

/**
 * What changes when the same thing is detected again. Collector and host look at the same events, so their counts are of
 * the same things: the larger one holds, never the sum. Evidence and samples are the host's only until the collector
 * has its own.
 */
export function extension(row: AlertRow, again: NewAlert) {
  const byHost = again.byHost === true;
  const isLonger = again.firstEventAt < row.first_event_at || again.lastEventAt > row.last_event_at;
  const central_count = row.central_count + (byHost ? 0 : again.count);
  const edge_count = row.edge_count + (byHost ? again.count : 0);
  return {
    count: Math.max(central_count, edge_count),
    ...{ central_count, edge_count },
    first_event_at: Math.min(row.first_event_at, again.firstEventAt),
    last_event_at: Math.max(row.last_event_at, again.lastEventAt),
    ...(isLonger && row.story_id !== null && { needs_story: 1 }),
    ...(!(byHost && row.central_count > 0) && evidenceOf(row, again, !byHost && row.central_count === 0)),
  };
}

/** The columns that change when an alert goes on. */
export function changeable({
  count,
  central_count,
  edge_count,
  first_event_at,
  last_event_at,
  needs_story,
  event_ids,
  samples,
}: AlertRow) {
  return {
    ...{ count, central_count, edge_count, first_event_at, last_event_at },
    ...{ needs_story, event_ids, samples },
  };
}

function evidenceOf(row: AlertRow, again: NewAlert, isFresh: boolean) {
  const ids = isFresh ? [] : (JSON.parse(row.event_ids) as string[]);
  const samples = isFresh ? [] : (JSON.parse(row.samples) as ValueSample[]);
  return {
    event_ids: JSON.stringify(joinEvidence(ids, again.eventIds)),
    samples: JSON.stringify(extendSamples(samples, again.seen ?? {})),
  };
}
