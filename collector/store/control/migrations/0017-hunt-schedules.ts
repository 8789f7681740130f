import type { Kysely } from 'kysely';

/** When hunts run by themselves, how they last went, and what they last found. `id` is the name of the hunt. */
export async function huntSchedules(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('hunt_schedule')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('every_s', 'integer')
    .addColumn('daily_minute', 'integer')
    .addColumn('span_s', 'integer', (c) => c.notNull())
    .addColumn('level', 'text')
    .addColumn('parameters', 'text', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('changed_at', 'integer', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .addColumn('next_at', 'integer', (c) => c.notNull())
    .addColumn('due_at', 'integer')
    .addColumn('started_at', 'integer')
    .addColumn('ended_at', 'integer')
    .addColumn('rows', 'integer')
    .addColumn('new_rows', 'integer')
    .addColumn('is_cut', 'integer')
    .addColumn('error', 'text')
    .execute();
  await db.schema
    .createTable('hunt_result')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('rows', 'text', (c) => c.notNull())
    .execute();
}
