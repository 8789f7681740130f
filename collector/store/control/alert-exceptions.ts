import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { AlertException, AlertExceptionStore, NewAlert } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

function exceptionOf(row: Selectable<Tables['alert_exception']>): AlertException {
  return {
    id: row.id,
    ruleId: row.rule_id,
    key: row.entity_key,
    hosts: row.hosts,
    filter: row.filter,
    reason: row.reason,
    madeAt: row.made_at,
    madeBy: row.made_by,
    expiresAt: row.expires_at,
    hits: Math.max(row.central_hits, row.edge_hits),
    lastHitAt: row.last_hit_at,
    lastHost: row.last_host,
    lastRule: row.last_rule,
  };
}

/** Counts hidden hits, as part of a transaction. False when the exception is gone: then they are an alert. */
export async function countHidden(tx: Transaction<Tables>, id: string, alert: NewAlert): Promise<boolean> {
  const side = alert.byHost === true ? 'edge_hits' : 'central_hits';
  const { numUpdatedRows } = await tx
    .updateTable('alert_exception')
    .set((row) => ({
      [side]: row(side, '+', alert.count),
      last_hit_at: sql<number>`max(coalesce(last_hit_at, 0), ${alert.lastEventAt})`,
      last_host: alert.hostName,
      last_rule: alert.ruleTitle,
    }))
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export function alertExceptionStore(db: Kysely<Tables>): AlertExceptionStore {
  return {
    async list() {
      const rows = await db
        .selectFrom('alert_exception')
        .selectAll()
        .orderBy('expires_at')
        .orderBy('id')
        .execute();
      return rows.map(exceptionOf);
    },
    async get(id) {
      const row = await db.selectFrom('alert_exception').selectAll().where('id', '=', id).executeTakeFirst();
      return row && exceptionOf(row);
    },
    async add(exception, most, entry) {
      return await db.transaction().execute(async (tx) => {
        const { n } = await tx
          .selectFrom('alert_exception')
          .select((row) => row.fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow();
        if (n >= most) return false;
        const { id, ruleId, key, hosts, filter, reason, madeAt, madeBy, expiresAt } = exception;
        await tx
          .insertInto('alert_exception')
          .values({
            ...{ id, hosts, filter, reason, rule_id: ruleId, entity_key: key },
            ...{ made_at: madeAt, made_by: madeBy, expires_at: expiresAt },
            ...{ central_hits: 0, edge_hits: 0, last_hit_at: null, last_host: null, last_rule: null },
          })
          .execute();
        await appendEntry(tx, entry);
        return true;
      });
    },
    async remove(id, entry) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .deleteFrom('alert_exception')
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const hits = Math.max(row.central_hits, row.edge_hits);
        await appendEntry(tx, { ...entry, detail: { ...entry.detail, hits } });
        return exceptionOf(row);
      });
    },
    count: (id, alert) => db.transaction().execute((tx) => countHidden(tx, id, alert)),
    async prune(before) {
      const { numDeletedRows } = await db
        .deleteFrom('alert_exception')
        .where('expires_at', '<', before)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
