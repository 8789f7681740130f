import type { Kysely, Selectable } from 'kysely';
import type { HuntResultRows, HuntRun, HuntSchedule, HuntScheduleStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

type Row = Selectable<Tables['hunt_schedule']>;

function runOf(row: Row): HuntRun | null {
  if (row.due_at === null || row.started_at === null) return null;
  return {
    ...{ dueAt: row.due_at, startedAt: row.started_at, endedAt: row.ended_at, error: row.error },
    ...{ rows: row.rows ?? 0, newRows: row.new_rows ?? 0, isCut: row.is_cut === 1 },
  };
}

function scheduleOf(row: Row): HuntSchedule {
  return {
    hunt: row.id,
    everyS: row.every_s,
    dailyMinute: row.daily_minute,
    spanS: row.span_s,
    level: row.level,
    parameters: JSON.parse(row.parameters),
    isEnabled: row.enabled === 1,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    nextAt: row.next_at,
    last: runOf(row),
  };
}

export function huntScheduleStore(db: Kysely<Tables>, sealed: SealedColumns): HuntScheduleStore {
  return {
    async list() {
      const rows = await db.selectFrom('hunt_schedule').selectAll().orderBy('id').execute();
      return rows.map(scheduleOf);
    },
    async get(hunt) {
      const row = await db.selectFrom('hunt_schedule').selectAll().where('id', '=', hunt).executeTakeFirst();
      return row && scheduleOf(row);
    },
    async due(at) {
      const rows = await db
        .selectFrom('hunt_schedule')
        .selectAll()
        .where('enabled', '=', 1)
        .where('next_at', '<=', at)
        .orderBy('next_at')
        .orderBy('id')
        .execute();
      return rows.map(scheduleOf);
    },
    put: (schedule, most, entry) =>
      db.transaction().execute(async (tx) => {
        const others = await tx
          .selectFrom('hunt_schedule')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('id', '!=', schedule.hunt)
          .executeTakeFirstOrThrow();
        if (others.count >= most) return false;
        const row = {
          ...{ id: schedule.hunt, every_s: schedule.everyS, daily_minute: schedule.dailyMinute },
          ...{ span_s: schedule.spanS, level: schedule.level, enabled: schedule.isEnabled ? 1 : 0 },
          parameters: JSON.stringify(schedule.parameters),
          ...{ changed_at: schedule.changedAt, changed_by: schedule.changedBy, next_at: schedule.nextAt },
        };
        await tx
          .insertInto('hunt_schedule')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
        await appendEntry(tx, entry);
        return true;
      }),
    remove: (hunt, entry) =>
      db.transaction().execute(async (tx) => {
        const done = await tx.deleteFrom('hunt_schedule').where('id', '=', hunt).executeTakeFirst();
        await tx.deleteFrom('hunt_result').where('id', '=', hunt).execute();
        if (done.numDeletedRows === 0n) return false;
        await appendEntry(tx, entry);
        return true;
      }),
    async begin(hunt, { dueAt, startedAt }, nextAt) {
      const changed = await db
        .updateTable('hunt_schedule')
        .set({ due_at: dueAt, started_at: startedAt, ended_at: null, next_at: nextAt })
        .set({ rows: 0, new_rows: 0, is_cut: 0, error: null })
        .where('id', '=', hunt)
        .where('next_at', '=', dueAt)
        .where('enabled', '=', 1)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async end(hunt, run, result) {
      await db.transaction().execute(async (tx) => {
        const { dueAt, endedAt, rows, newRows, isCut, error } = run;
        const ended = await tx
          .updateTable('hunt_schedule')
          .set(
            sealed.seal('hunt_schedule', {
              ...{ ended_at: endedAt, rows, new_rows: newRows, is_cut: isCut ? 1 : 0 },
              // It may name values of events.
              error,
            }),
          )
          .where('id', '=', hunt)
          .where('due_at', '=', dueAt)
          .executeTakeFirst();
        if (result === undefined || ended.numUpdatedRows === 0n) return;
        const row = sealed.seal('hunt_result', { id: hunt, rows: JSON.stringify(result) });
        await tx
          .insertInto('hunt_result')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      });
    },
    async endUnfinished(at, error) {
      const changed = await db
        .updateTable('hunt_schedule')
        .set({ ended_at: at, error })
        .where('started_at', 'is not', null)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return Number(changed.numUpdatedRows);
    },
    async result(hunt) {
      const row = await db.selectFrom('hunt_result').selectAll().where('id', '=', hunt).executeTakeFirst();
      return row && (JSON.parse(row.rows) as HuntResultRows);
    },
  };
}
