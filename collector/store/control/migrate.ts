import type { Kysely } from 'kysely';
import { VedetteError } from '#shared/errors.ts';
import { type Migration, migrations } from './migrations/list.ts';
import type { Tables } from './tables.ts';

/**
 * Brings the database to the newest schema this version knows, all steps in one transaction that other openers
 * wait for. Throws `data.schema_newer` and changes nothing when the database is ahead.
 */
export async function migrate(
  db: Kysely<Tables>,
  path: string,
  known: readonly Migration[] = migrations,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.schema
      .createTable('migration')
      .ifNotExists()
      .addColumn('number', 'integer', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull())
      .execute();
    const newest = await tx
      .selectFrom('migration')
      .select('number')
      .orderBy('number', 'desc')
      .executeTakeFirst();
    const at = newest?.number ?? 0;
    if (at > known.length) {
      throw new VedetteError(
        'data.schema_newer',
        `${path} has schema ${at}; this version knows ${known.length}.`,
      );
    }
    for (const [index, migration] of known.entries()) {
      if (index < at) continue;
      await migration.up(tx as unknown as Kysely<unknown>);
      await tx
        .insertInto('migration')
        .values({ number: index + 1, name: migration.name })
        .execute();
    }
  });
}
