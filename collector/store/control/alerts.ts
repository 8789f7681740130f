import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import {
  type AlertFilter,
  type AlertStore,
  type AlertVerdict,
  alertStatuses,
  type Level,
  levels,
} from '../contract.ts';
import { alertOf, withTrees } from './alert-rows.ts';
import { placeOf, searchAlerts } from './alert-search.ts';
import { appendEntry } from './audit.ts';
import { decodePlace } from './place.ts';
import { pruneAlerts } from './prune-alerts.ts';
import type { AlertRecorder } from './record-alert.ts';
import type { Tables } from './tables.ts';

type AlertQuery<O> = SelectQueryBuilder<Tables, 'alert', O>;

function filtered<O>(query: AlertQuery<O>, filter: AlertFilter): AlertQuery<O> {
  let q = query;
  if (filter.status !== undefined) q = q.where('status', '=', filter.status);
  if (filter.hostId !== undefined) q = q.where('host_id', '=', filter.hostId);
  if (filter.ruleId !== undefined) q = q.where('rule_id', '=', filter.ruleId);
  if (filter.verdict !== undefined) q = q.where('verdict', '=', filter.verdict);
  if (filter.since !== undefined) q = q.where('raised_at', '>=', filter.since);
  if (filter.until !== undefined) q = q.where('raised_at', '<=', filter.until);
  if (filter.minLevel !== undefined)
    q = q.where('level', 'in', levels.slice(levels.indexOf(filter.minLevel)));
  if (filter.storyId !== undefined) q = q.where('story_id', '=', filter.storyId);
  if (filter.key !== undefined) q = q.where('entity_key', '=', filter.key);
  if (filter.tag !== undefined) q = q.where(hasTag(filter.tag.toLowerCase()));
  return q;
}

/** Compared as text, not by LIKE: a tag may hold its wildcards. */
const hasTag = (tag: string) => sql<boolean>`EXISTS (
  SELECT 1 FROM json_each(alert.tags) AS t
  WHERE lower(t.value) = ${tag} OR substr(lower(t.value), 1, ${tag.length + 1}) = ${`${tag}.`})`;

function after<O>(query: AlertQuery<O>, cursor: string | undefined): AlertQuery<O> {
  if (cursor === undefined) return query;
  const { at: raisedAt, id } = decodePlace(cursor);
  return query.where((row) =>
    row.or([row('raised_at', '<', raisedAt), row.and([row('raised_at', '=', raisedAt), row('id', '<', id)])]),
  );
}

function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

export function alertStore(db: Kysely<Tables>, recorder: AlertRecorder): AlertStore {
  return {
    async list(filter, limit, cursor) {
      const pageAt = async (most: number, at: string | undefined) => {
        const rows = await after(filtered(db.selectFrom('alert').selectAll(), filter), at)
          .orderBy('raised_at', 'desc')
          .orderBy('id', 'desc')
          .limit(most + 1)
          .execute();
        const items = rows.slice(0, most).map(alertOf);
        return { items, next: rows.length > most ? placeOf(items.at(-1)) : null };
      };
      const { user, text } = filter;
      if (user === undefined && text === undefined) return await pageAt(limit, cursor);
      return await searchAlerts({ user, text }, pageAt, limit, cursor);
    },
    async get(id) {
      const row = await withTrees(db).where('alert.id', '=', id).executeTakeFirst();
      return row && alertOf(row);
    },
    async setStatus(id, status, by, note, at, verdict = null) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('alert')
          .set({
            status,
            changed_by: by,
            changed_at: at,
            ...(note !== null && { note }),
            ...(verdict !== null && { verdict }),
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const detail = { status, ...(note !== null && { note }), ...(verdict !== null && { verdict }) };
        await appendEntry(tx, { at, actor: by, action: 'alert.change', target: `alert ${id}`, detail });
        return alertOf(row);
      });
    },
    async raise(alert) {
      const [recorded] = await db.transaction().execute(async (tx) => {
        const recording = recorder.within(tx);
        await recording.add(alert);
        return await recording.finish();
      });
      const { row, isNew } = recorded!;
      return { alert: alertOf(row), isNew };
    },
    async countByRule(since, until) {
      type Row = ExpressionBuilder<Tables, 'alert'>;
      const ofVerdict = (row: Row, verdict: AlertVerdict) =>
        row.fn.sum<number>(row.case().when('verdict', '=', verdict).then(1).else(0).end());
      return await db
        .selectFrom('alert')
        .where('raised_at', '>=', since)
        .where('raised_at', '<=', until)
        .groupBy('rule_id')
        .orderBy('rule_id')
        .select((row) => [
          'rule_id as ruleId',
          row.fn.countAll<number>().as('alerts'),
          row.fn.sum<number>('count').as('events'),
          row.fn.count<number>('host_id').distinct().as('hosts'),
          row.fn.sum<number>(row.case().when('status', '=', 'open').then(1).else(0).end()).as('open'),
          ofVerdict(row, 'true-positive').as('truePositives'),
          ofVerdict(row, 'false-positive').as('falsePositives'),
          row.fn.min<number>('raised_at').as('firstRaisedAt'),
          row.fn.max<number>('raised_at').as('lastRaisedAt'),
        ])
        .execute();
    },
    async riskFacts(since, limit) {
      const rows = await db
        .selectFrom('alert')
        .select(['id', 'rule_id', 'rule_title', 'level', 'host_id', 'host_name', 'user_name'])
        .select(['confidence', 'verdict', 'last_event_at'])
        .where('last_event_at', '>=', since)
        .where((row) => row.or([row('verdict', 'is', null), row('verdict', '<>', 'false-positive')]))
        .orderBy('last_event_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        ...{ id: row.id, ruleId: row.rule_id, ruleTitle: row.rule_title, level: row.level },
        ...{ hostId: row.host_id, hostName: row.host_name, user: row.user_name },
        ...{ confidence: row.confidence, verdict: row.verdict, lastEventAt: row.last_event_at },
      }));
    },
    async histogram(since, until, bucketUs) {
      const rows = await db
        .selectFrom('alert')
        .select((row) => [
          sql<number>`CAST((raised_at - ${since}) / ${bucketUs} AS INTEGER)`.as('bucket'),
          'level',
          row.fn.countAll<number>().as('alerts'),
        ])
        .where('raised_at', '>=', since)
        .where('raised_at', '<', until)
        .groupBy(['bucket', 'level'])
        .orderBy('bucket')
        .execute();
      const buckets = new Map<number, Record<Level, number>>();
      for (const { bucket, level, alerts } of rows) {
        const byLevel = buckets.get(bucket) ?? zeros(levels);
        byLevel[level] = alerts;
        buckets.set(bucket, byLevel);
      }
      return [...buckets].map(([bucket, byLevel]) => ({ at: since + bucket * bucketUs, byLevel }));
    },
    prune: (closedBefore, most, limit) =>
      db.transaction().execute((tx) => pruneAlerts(tx, closedBefore, most, limit)),
    async pruned() {
      return (await db.selectFrom('alert_pruned').select('alerts').executeTakeFirstOrThrow()).alerts;
    },
    async countByStatus() {
      const counts = zeros(alertStatuses);
      const rows = await db
        .selectFrom('alert')
        .select((row) => ['status', row.fn.countAll<number>().as('alerts')])
        .groupBy('status')
        .execute();
      for (const { status, alerts } of rows) counts[status] = alerts;
      return counts;
    },
    async countOpenByLevel() {
      const counts = zeros(levels);
      const rows = await db
        .selectFrom('alert')
        .select((row) => ['level', row.fn.countAll<number>().as('alerts')])
        .where('status', '=', 'open')
        .groupBy('level')
        .execute();
      for (const { level, alerts } of rows) counts[level] = alerts;
      return counts;
    },
  };
}
