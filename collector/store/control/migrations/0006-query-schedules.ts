import type { Kysely } from 'kysely';

/** Queries that hosts ask themselves again and again. */
export async function querySchedules(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('query_schedule')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('sql', 'text', (c) => c.notNull())
    .addColumn('interval_s', 'integer', (c) => c.notNull())
    .addColumn('hosts', 'text', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('made_at', 'integer', (c) => c.notNull())
    .addColumn('made_by', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'integer', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .execute();
}
