import { type Kysely, sql } from 'kysely';

/** The state of detection as of a cursor: one row, once there is any. */
export async function detectionSnapshot(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('detection_snapshot')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('cursor', 'integer', (c) => c.notNull())
    .addColumn('data', 'blob', (c) => c.notNull())
    .execute();
}
