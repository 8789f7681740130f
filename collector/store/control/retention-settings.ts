import type { Kysely } from 'kysely';
import type { RetentionSettingStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

export function retentionSettingStore(db: Kysely<Tables>): RetentionSettingStore {
  return {
    async get() {
      const row = await db.selectFrom('retention_setting').selectAll().executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        days: row.days,
        daysByType: row.days_by_type === null ? null : JSON.parse(row.days_by_type),
        maxBytes: row.max_bytes,
        changedAt: row.changed_at,
        changedBy: row.changed_by,
      };
    },
    async set({ days, daysByType, maxBytes, changedAt, changedBy }, entry) {
      const row = {
        ...{ id: 1 as const, days, max_bytes: maxBytes, changed_at: changedAt, changed_by: changedBy },
        days_by_type: daysByType && JSON.stringify(daysByType),
      };
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('retention_setting')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
        await appendEntry(tx, entry);
      });
    },
  };
}
