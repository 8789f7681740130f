import type { Kysely } from 'kysely';

/** Bundles of rules, which of them was put in force when, and the roots they rest on. */
export async function bundles(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('bundle')
    .addColumn('version', 'integer', (c) => c.primaryKey())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('min_agent_version', 'text', (c) => c.notNull())
    .addColumn('untested', 'text', (c) => c.notNull())
    .addColumn('files', 'integer', (c) => c.notNull())
    .addColumn('size_bytes', 'integer', (c) => c.notNull())
    .addColumn('added_at', 'integer', (c) => c.notNull())
    .addColumn('added_by', 'text', (c) => c.notNull())
    .addColumn('content', 'blob', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('bundle_switch')
    .addColumn('number', 'integer', (c) => c.primaryKey())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('switched_by', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('cursor', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('bundle_root')
    .addColumn('version', 'integer', (c) => c.primaryKey())
    .addColumn('document', 'blob', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('bundle_trust')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('data', 'blob', (c) => c.notNull())
    .execute();
}
