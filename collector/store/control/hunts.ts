import type { Kysely, Selectable } from 'kysely';
import type { HuntStore, SavedHunt } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

type HuntRow = Selectable<Tables['hunt']>;

function huntOf({ saved_at, saved_by, ...row }: HuntRow): SavedHunt {
  return {
    ...row,
    tags: JSON.parse(row.tags),
    parameters: JSON.parse(row.parameters),
    savedAt: saved_at,
    savedBy: saved_by,
  };
}

function rowOf({ savedAt, savedBy, ...hunt }: SavedHunt): HuntRow {
  const { name, title, description, sql } = hunt;
  return {
    ...{ name, title, description, sql },
    tags: JSON.stringify(hunt.tags),
    parameters: JSON.stringify(hunt.parameters),
    saved_at: savedAt,
    saved_by: savedBy,
  };
}

export function huntStore(db: Kysely<Tables>): HuntStore {
  return {
    async list() {
      const rows = await db.selectFrom('hunt').selectAll().orderBy('name').execute();
      return rows.map(huntOf);
    },
    async get(name) {
      const row = await db.selectFrom('hunt').selectAll().where('name', '=', name).executeTakeFirst();
      return row && huntOf(row);
    },
    put: (hunt, maxHunts, entry) =>
      db.transaction().execute(async (tx) => {
        const others = await tx
          .selectFrom('hunt')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('name', '!=', hunt.name)
          .executeTakeFirstOrThrow();
        if (others.count >= maxHunts) return false;
        const row = rowOf(hunt);
        await tx
          .insertInto('hunt')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
          .execute();
        await appendEntry(tx, entry);
        return true;
      }),
    remove: (name, entry) =>
      db.transaction().execute(async (tx) => {
        const done = await tx.deleteFrom('hunt').where('name', '=', name).executeTakeFirst();
        if (done.numDeletedRows === 0n) return false;
        await tx.deleteFrom('hunt_schedule').where('id', '=', name).execute();
        await tx.deleteFrom('hunt_result').where('id', '=', name).execute();
        await appendEntry(tx, entry);
        return true;
      }),
  };
}
