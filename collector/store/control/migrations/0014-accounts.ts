import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';

/**
 * People. The first one is `admin`, without a password: the sign-in link that `up` prints is for them. What was there
 * before belongs to them as far as it was an admin's; lesser sessions and links, which nobody owns, end. Tokens stay
 * as tokens of services.
 */
export async function accounts(db: Kysely<unknown>): Promise<void> {
  await accountTables(db);
  for (const column of ['account_id', 'via', 'scopes', 'address', 'user_agent'])
    await db.schema.alterTable('credential').addColumn(column, 'text').execute();
  await db.schema.alterTable('credential').addColumn('last_seen_at', 'integer').execute();
  await db.schema
    .createIndex('credential_account')
    .on('credential')
    .columns(['account_id', 'kind'])
    .execute();
  const id = randomUUID();
  await sql`INSERT INTO account (id, name, folded_name, display_name, role, created_at)
    VALUES (${id}, 'admin', 'admin', '', 'admin', ${Date.now() * 1000})`.execute(db);
  await sql`UPDATE credential SET account_id = ${id}, last_seen_at = created_at,
    via = CASE kind WHEN 'session' THEN 'link' END
    WHERE kind IN ('session', 'sign-in-link') AND role = 'admin'`.execute(db);
  await sql`DELETE FROM credential WHERE kind IN ('session', 'sign-in-link') AND account_id IS NULL`.execute(
    db,
  );
}

async function accountTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('account')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('folded_name', 'text', (c) => c.notNull().unique())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('disabled', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('password_hash', 'text')
    .addColumn('totp_secret', 'text')
    .addColumn('totp_confirmed_at', 'integer')
    .addColumn('totp_last_step', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('oidc_issuer', 'text')
    .addColumn('oidc_subject', 'text')
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('last_sign_in_at', 'integer')
    .addUniqueConstraint('account_subject', ['oidc_issuer', 'oidc_subject'])
    .execute();
  await db.schema
    .createTable('recovery_code')
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('recovery_code_key', ['account_id', 'hash'])
    .execute();
  await db.schema
    .createTable('access_setting')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('allowed_addresses', 'text', (c) => c.notNull())
    .addColumn('require_second_factor', 'integer', (c) => c.notNull())
    .addColumn('session_hours', 'integer', (c) => c.notNull())
    .execute();
  await sql`INSERT INTO access_setting VALUES (1, '[]', 0, 12)`.execute(db);
}
