import type { Kysely } from 'kysely';

/** Rollouts of bundles of rules, whole as JSON; what is searched by is beside it. */
export async function rollouts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rollout')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('started_at', 'integer', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .execute();
}
