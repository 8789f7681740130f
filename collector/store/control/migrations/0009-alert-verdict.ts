import type { Kysely } from 'kysely';

/** What people found an alert to be. */
export async function alertVerdict(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('alert').addColumn('verdict', 'text').execute();
  await db.schema.createIndex('alert_by_rule').on('alert').columns(['rule_id', 'raised_at', 'id']).execute();
}
