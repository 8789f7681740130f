import type { Kysely } from 'kysely';

/** Which hits raise no alert, until when and why, and how many there were. */
export async function alertExceptions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alert_exception')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('rule_id', 'text')
    .addColumn('entity_key', 'text')
    .addColumn('hosts', 'text')
    .addColumn('filter', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('made_at', 'integer', (c) => c.notNull())
    .addColumn('made_by', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('central_hits', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('edge_hits', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('last_hit_at', 'integer')
    .addColumn('last_host', 'text')
    .addColumn('last_rule', 'text')
    .execute();
}
