import type { Kysely } from 'kysely';
import type { AccessSettingsStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

export function accessSettingsStore(db: Kysely<Tables>): AccessSettingsStore {
  return {
    async get() {
      const row = await db.selectFrom('access_setting').selectAll().executeTakeFirstOrThrow();
      return {
        allowedAddresses: JSON.parse(row.allowed_addresses) as readonly string[],
        requireSecondFactor: row.require_second_factor === 1,
        sessionHours: row.session_hours,
      };
    },
    async set(settings, entry) {
      await db.transaction().execute(async (tx) => {
        await tx
          .updateTable('access_setting')
          .set({
            allowed_addresses: JSON.stringify(settings.allowedAddresses),
            require_second_factor: settings.requireSecondFactor ? 1 : 0,
            session_hours: settings.sessionHours,
          })
          .execute();
        await appendEntry(tx, entry);
      });
    },
  };
}
