import { type Kysely, sql } from 'kysely';

/** Alerts that hosts raise themselves, and what each host says of its rules. */
export async function edge(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('alert')
    .addColumn('central_count', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .alterTable('alert')
    .addColumn('edge_count', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('alert').addColumn('group_key', 'text').execute();
  await db.schema.alterTable('alert').addColumn('twin_id', 'text').execute();
  await sql`UPDATE alert SET central_count = count`.execute(db);
  await db.schema.createIndex('alert_group').on('alert').columns(['group_key', 'last_event_at']).execute();
  await db.schema.createIndex('alert_twin').on('alert').column('twin_id').execute();
  await db.schema
    .createTable('host_bundle')
    .addColumn('host_id', 'text', (c) => c.primaryKey())
    .addColumn('wanted_version', 'integer')
    .addColumn('wanted_digest', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('since', 'integer', (c) => c.notNull())
    .addColumn('told_at', 'integer', (c) => c.notNull())
    .addColumn('report', 'text', (c) => c.notNull())
    .execute();
}
