import type { Kysely, Transaction } from 'kysely';
import type { Alert, DetectionStore, NewAlert } from '../contract.ts';
import { type AlertRow, alertOf, extension, rowOf } from './alert-rows.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

/**
 * The alert that this one is of: of its id, or for a correlation the one that the other side raised about the same
 * group over the same time. Host and collector see events in different orders, so they may begin an episode at different
 * events and give it different ids. A host extends only alerts of its own.
 */
async function sameAs(tx: Transaction<Tables>, alert: NewAlert): Promise<AlertRow | undefined> {
  const alerts = tx.selectFrom('alert').selectAll();
  const known = await alerts.where('id', '=', alert.id).executeTakeFirst();
  if (known !== undefined || alert.groupKey === undefined) return known;
  const twin = await alerts.where('twin_id', '=', alert.id).executeTakeFirst();
  if (twin !== undefined) return twin;
  return await alerts
    .where('group_key', '=', alert.groupKey)
    .where(alert.byHost === true ? 'edge_count' : 'central_count', '=', 0)
    .where('twin_id', 'is', null)
    .where('first_event_at', '<=', alert.lastEventAt)
    .where('last_event_at', '>=', alert.firstEventAt)
    .orderBy('first_event_at')
    .executeTakeFirst();
}

/** Records the alert, or extends the one of its id. */
export async function record(
  tx: Transaction<Tables>,
  alert: NewAlert,
  sealed: SealedColumns,
): Promise<{ row: AlertRow; isNew: boolean }> {
  const existing = await sameAs(tx, alert);
  if (existing === undefined) {
    const row = rowOf(alert);
    await tx.insertInto('alert').values(sealed.seal('alert', row)).execute();
    return { row, isNew: true };
  }
  const changed = extension(existing, alert);
  await tx.updateTable('alert').set(changed).where('id', '=', existing.id).execute();
  return { row: { ...existing, ...changed }, isNew: false };
}

export async function keepSnapshot(
  tx: Transaction<Tables>,
  cursor: number,
  snapshot: Uint8Array,
  sealed: SealedColumns,
): Promise<void> {
  const data = sealed.sealBytes(snapshot);
  await tx
    .insertInto('detection_snapshot')
    .values({ id: 1, cursor, data })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ cursor, data }))
    .execute();
}

export function detectionStore(db: Kysely<Tables>, sealed: SealedColumns): DetectionStore {
  return {
    async cursor() {
      const row = await db.selectFrom('detection').select('cursor').executeTakeFirstOrThrow();
      return row.cursor;
    },
    async commit(cursor, alerts, snapshot) {
      return await db.transaction().execute(async (tx) => {
        const moved = await tx
          .updateTable('detection')
          .set({ cursor })
          .where('cursor', '<', cursor)
          .executeTakeFirst();
        if (moved.numUpdatedRows === 0n) return [];
        if (snapshot !== undefined) await keepSnapshot(tx, cursor, snapshot, sealed);
        const recorded = new Map<string, { alert: Alert; isNew: boolean }>();
        for (const alert of alerts) {
          const { row, isNew } = await record(tx, alert, sealed);
          const wasNew = recorded.get(row.id)?.isNew ?? false;
          recorded.set(row.id, { alert: alertOf(row), isNew: isNew || wasNew });
        }
        return [...recorded.values()];
      });
    },
    async snapshot() {
      return await db.selectFrom('detection_snapshot').select(['cursor', 'data']).executeTakeFirst();
    },
    async keepSnapshot({ cursor, data }) {
      return await db.transaction().execute(async (tx) => {
        const stored = await tx.selectFrom('detection').select('cursor').executeTakeFirstOrThrow();
        if (stored.cursor !== cursor) return false;
        await keepSnapshot(tx, cursor, data, sealed);
        return true;
      });
    },
  };
}
