import { type Kysely, sql } from 'kysely';

/** Alerts about one entity are found by its key; what rules say of their alerts, and what the alerts are made of. */
export async function alertEntities(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE alert RENAME COLUMN group_key TO entity_key`.execute(db);
  await db.schema.dropIndex('alert_twin').execute();
  await db.schema.alterTable('alert').dropColumn('twin_id').execute();
  const text = (name: string, of: string) =>
    db.schema
      .alterTable('alert')
      .addColumn(name, 'text', (c) => c.notNull().defaultTo(of))
      .execute();
  await text('entity', '{}');
  await text('samples', '[]');
  await text('confidence_reason', '');
  for (const name of ['response', 'previous_id', 'user_name'])
    await db.schema.alterTable('alert').addColumn(name, 'text').execute();
  await db.schema
    .alterTable('alert')
    .addColumn('confidence', 'integer', (c) => c.notNull().defaultTo(60))
    .execute();
  await db.schema
    .alterTable('alert')
    .addColumn('opened_hour', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('alert_opened')
    .on('alert')
    .columns(['rule_id', 'host_id', 'opened_hour'])
    .execute();
  await db.schema.createIndex('alert_recent').on('alert').columns(['last_event_at', 'id']).execute();
}
