import type { Kysely } from 'kysely';

/** Host states, what tokens are bound to, and the certificates that were issued. */
export async function identity(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('host')
    .addColumn('state', 'text', (c) => c.notNull().defaultTo('active'))
    .execute();
  await db.schema.alterTable('host').addColumn('state_reason', 'text').execute();
  await db.schema.alterTable('host').addColumn('state_at', 'integer').execute();
  await db.schema.alterTable('enrolment_token').addColumn('host_pattern', 'text').execute();
  await db.schema.alterTable('enrolment_token').addColumn('revoked_at', 'integer').execute();
  await db.schema
    .createTable('certificate')
    .addColumn('serial', 'text', (c) => c.primaryKey())
    .addColumn('host_id', 'text', (c) => c.notNull())
    .addColumn('fingerprint', 'text', (c) => c.notNull())
    .addColumn('issued_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('revoked_at', 'integer')
    .addColumn('revoked_reason', 'text')
    .execute();
  await db.schema
    .createIndex('certificate_by_host')
    .on('certificate')
    .columns(['host_id', 'issued_at'])
    .execute();
}
