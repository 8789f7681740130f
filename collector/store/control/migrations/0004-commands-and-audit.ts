import { type Kysely, sql } from 'kysely';

/** Commands to hosts, and the audit log, which only ever grows. */
export async function commandsAndAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('command')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('host_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('arguments', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('issued_at', 'integer', (c) => c.notNull())
    .addColumn('issued_by', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('sent_at', 'integer')
    .addColumn('sends', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('answered_at', 'integer')
    .addColumn('code', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('detail', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('output', 'text')
    .addColumn('cut', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex('command_by_time').on('command').columns(['issued_at', 'id']).execute();
  await db.schema
    .createIndex('command_by_host')
    .on('command')
    .columns(['host_id', 'issued_at', 'id'])
    .execute();
  await sql`create index command_open on command (state, expires_at) where state in ('queued', 'sent')`.execute(
    db,
  );
  await db.schema
    .createTable('audit')
    .addColumn('number', 'integer', (c) => c.primaryKey())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  // Against mistakes of ours; whoever may write the file can drop them, and the hashes show it.
  for (const act of ['update', 'delete']) {
    await sql`create trigger ${sql.raw(`audit_no_${act}`)} before ${sql.raw(act)} on audit
      begin select raise(abort, 'the audit log only grows'); end`.execute(db);
  }
}
