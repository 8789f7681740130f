import { type Kysely, sql } from 'kysely';

/** How long events are kept, where somebody said so here; null leaves it to the configuration. */
export async function retention(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('retention_setting')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('days', 'integer')
    .addColumn('days_by_type', 'text')
    .addColumn('max_bytes', 'integer')
    .addColumn('changed_at', 'integer', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .execute();
}
