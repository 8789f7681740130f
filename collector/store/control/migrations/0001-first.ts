import { type Kysely, sql } from 'kysely';

/** Hosts, alerts, the detection cursor, enrolment tokens and credentials. */
export async function first(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('host')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('hostname', 'text', (c) => c.notNull())
    .addColumn('os', 'text', (c) => c.notNull())
    .addColumn('os_version', 'text')
    .addColumn('kernel', 'text')
    .addColumn('arch', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('enrolled_at', 'integer', (c) => c.notNull())
    .addColumn('last_seen_at', 'integer')
    .addColumn('connected', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await alertTable(db);
  await db.schema
    .createTable('detection')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('cursor', 'integer', (c) => c.notNull())
    .execute();
  await sql`insert into detection (id, cursor) values (1, 0)`.execute(db);
  await db.schema
    .createTable('enrolment_token')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('secret_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('uses', 'integer', (c) => c.notNull())
    .addColumn('max_uses', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('credential')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('secret_hash', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer')
    .execute();
}

async function alertTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alert')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('rule_id', 'text', (c) => c.notNull())
    .addColumn('rule_title', 'text', (c) => c.notNull())
    .addColumn('level', 'text', (c) => c.notNull())
    .addColumn('host_id', 'text', (c) => c.notNull())
    .addColumn('host_name', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('raised_at', 'integer', (c) => c.notNull())
    .addColumn('first_event_at', 'integer', (c) => c.notNull())
    .addColumn('last_event_at', 'integer', (c) => c.notNull())
    .addColumn('count', 'integer', (c) => c.notNull())
    .addColumn('tags', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('matches', 'text', (c) => c.notNull())
    .addColumn('event_ids', 'text', (c) => c.notNull())
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'integer')
    .addColumn('changed_by', 'text')
    .addColumn('note', 'text')
    .execute();
  await db.schema.createIndex('alert_by_time').on('alert').columns(['raised_at', 'id']).execute();
  await db.schema.createIndex('alert_by_status').on('alert').columns(['status', 'raised_at', 'id']).execute();
  await db.schema.createIndex('alert_by_host').on('alert').columns(['host_id', 'raised_at', 'id']).execute();
}
