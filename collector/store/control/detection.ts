import type { Kysely, Transaction } from 'kysely';
import type { DetectionStore } from '../contract.ts';
import { countHidden } from './alert-exceptions.ts';
import { alertOf } from './alert-rows.ts';
import type { AlertRecorder } from './record-alert.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

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

export function detectionStore(
  db: Kysely<Tables>,
  sealed: SealedColumns,
  recorder: AlertRecorder,
): DetectionStore {
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
        const recording = recorder.within(tx);
        for (const alert of alerts) {
          const { exceptionId } = alert;
          if (exceptionId !== undefined && (await countHidden(tx, exceptionId, alert))) continue;
          await recording.add(alert);
        }
        const recorded = await recording.finish();
        return recorded.map(({ row, isNew }) => ({ alert: alertOf(row), isNew }));
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
