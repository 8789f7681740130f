import type { ExpressionBuilder, Kysely, SelectQueryBuilder } from 'kysely';
import { type AlertFilter, type AlertStore, type AlertVerdict, alertStatuses, levels } from '../contract.ts';
import { alertOf } from './alert-rows.ts';
import { appendEntry } from './audit.ts';
import { record } from './detection.ts';
import { decodePlace, encodePlace } from './place.ts';
import type { SealedColumns } from './sealed-columns.ts';
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
  return q;
}

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

export function alertStore(db: Kysely<Tables>, sealed: SealedColumns): AlertStore {
  return {
    async list(filter, limit, cursor) {
      const rows = await after(filtered(db.selectFrom('alert').selectAll(), filter), cursor)
        .orderBy('raised_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map(alertOf);
      const last = items.at(-1);
      return {
        items,
        next: rows.length > limit && last ? encodePlace({ at: last.raisedAt, id: last.id }) : null,
      };
    },
    async get(id) {
      const row = await db.selectFrom('alert').selectAll().where('id', '=', id).executeTakeFirst();
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
      const { row, isNew } = await db.transaction().execute((tx) => record(tx, alert, sealed));
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
