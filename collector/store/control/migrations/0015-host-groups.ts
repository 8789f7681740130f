import type { Kysely } from 'kysely';

/** Hosts by what they are for. */
export async function hostGroups(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('host_group')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'integer', (c) => c.notNull())
    .addColumn('changed_by', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('host_group_member')
    .addColumn('group_name', 'text', (c) => c.notNull())
    .addColumn('host_id', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('host_group_member_key', ['group_name', 'host_id'])
    .execute();
  await db.schema.createIndex('host_group_of').on('host_group_member').column('host_id').execute();
}
