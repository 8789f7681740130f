import type { Kysely, Selectable } from 'kysely';
import type { QuerySchedule, QueryScheduleStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

function scheduleOf(row: Selectable<Tables['query_schedule']>): QuerySchedule {
  return {
    name: row.name,
    sql: row.sql,
    intervalS: row.interval_s,
    hosts: JSON.parse(row.hosts),
    isEnabled: row.enabled === 1,
    madeAt: row.made_at,
    madeBy: row.made_by,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
  };
}

export function queryScheduleStore(db: Kysely<Tables>): QueryScheduleStore {
  return {
    async list() {
      const rows = await db.selectFrom('query_schedule').selectAll().orderBy('name').execute();
      return rows.map(scheduleOf);
    },
    async get(name) {
      const row = await db
        .selectFrom('query_schedule')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst();
      return row && scheduleOf(row);
    },
    async put(schedule, entry) {
      const { name, sql, intervalS, hosts, isEnabled, madeAt, madeBy, changedAt, changedBy } = schedule;
      const row = {
        ...{ name, sql, interval_s: intervalS, hosts: JSON.stringify(hosts), enabled: isEnabled ? 1 : 0 },
        ...{ made_at: madeAt, made_by: madeBy, changed_at: changedAt, changed_by: changedBy },
      };
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('query_schedule')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
          .execute();
        await appendEntry(tx, entry);
      });
    },
    async remove(name, entry) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .deleteFrom('query_schedule')
          .where('name', '=', name)
          .returningAll()
          .executeTakeFirst();
        if (row !== undefined) await appendEntry(tx, entry);
        return row && scheduleOf(row);
      });
    },
  };
}
