import type { Kysely, Transaction } from 'kysely';
import type { Alert, DetectionStore, NewAlert } from '../contract.ts';
import { type AlertRow, alertOf, extension, rowOf } from './alert-rows.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

/** Records the alert, or extends the one of its id. */
export async function record(
  tx: Transaction<Tables>,
  alert: NewAlert,
  sealed: SealedColumns,
): Promise<{ row: AlertRow; isNew: boolean }> {
  const existing = await tx.selectFrom('alert').selectAll().where('id', '=', alert.id).executeTakeFirst();
  if (existing === undefined) {
    const row = rowOf(alert);
    await tx.insertInto('alert').values(sealed.seal('alert', row)).execute();
    return { row, isNew: true };
  }
  const changed = extension(existing, alert);
  await tx.updateTable('alert').set(changed).where('id', '=', alert.id).execute();
  return { row: { ...existing, ...changed }, isNew: false };
}

async function keep(
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
        if (snapshot !== undefined) await keep(tx, cursor, snapshot, sealed);
        const recorded = new Map<string, { alert: Alert; isNew: boolean }>();
        for (const alert of alerts) {
          const { row, isNew } = await record(tx, alert, sealed);
          const wasNew = recorded.get(alert.id)?.isNew ?? false;
          recorded.set(alert.id, { alert: alertOf(row), isNew: isNew || wasNew });
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
        await keep(tx, cursor, data, sealed);
        return true;
      });
    },
  };
}
