import { type Kysely, sql } from 'kysely';

/** Alerts that belong together, what relates them, the trees they froze, and who is above the threshold of risk. */
export async function stories(db: Kysely<unknown>): Promise<void> {
  const alert = db.schema.alterTable('alert');
  await alert.addColumn('story_id', 'text').execute();
  // Those of before are not gone through again: their stories and trees would be of events long gone.
  await alert.addColumn('needs_story', 'integer', (c) => c.notNull().defaultTo(0)).execute();
  await alert.addColumn('needs_tree', 'integer', (c) => c.notNull().defaultTo(0)).execute();
  await db.schema.createIndex('alert_story').on('alert').columns(['story_id', 'first_event_at']).execute();
  await sql`CREATE INDEX alert_needs_story ON alert (raised_at, id) WHERE needs_story = 1`.execute(db);
  await sql`CREATE INDEX alert_needs_tree ON alert (raised_at, id) WHERE needs_tree = 1`.execute(db);
  // Apart from the alerts: they are large, and lists do not show them.
  await db.schema
    .createTable('alert_tree')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tree', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('story')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('merged_into', 'text')
    .addColumn('first_at', 'integer', (c) => c.notNull())
    .addColumn('last_at', 'integer', (c) => c.notNull())
    .addColumn('alerts', 'integer', (c) => c.notNull())
    .addColumn('beyond', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('summary', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('story_recent').on('story').columns(['last_at', 'id']).execute();
  await db.schema.createIndex('story_merged').on('story').column('merged_into').execute();
  await db.schema
    .createTable('alert_relation')
    .addColumn('token', 'text', (c) => c.notNull())
    .addColumn('alert_id', 'text', (c) => c.notNull())
    .addColumn('host_id', 'text', (c) => c.notNull())
    .addColumn('first_at', 'integer', (c) => c.notNull())
    .addColumn('last_at', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('alert_relation_key', ['token', 'alert_id'])
    .execute();
  await db.schema.createIndex('alert_relation_alert').on('alert_relation').column('alert_id').execute();
  await db.schema
    .createTable('risk_above')
    .addColumn('subject', 'text', (c) => c.primaryKey())
    .addColumn('since', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('alert_pruned')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('alerts', 'integer', (c) => c.notNull())
    .execute();
  await sql`INSERT INTO alert_pruned (id, alerts) VALUES (1, 0)`.execute(db);
}
