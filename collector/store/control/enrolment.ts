import { type Kysely, sql } from 'kysely';
import type { EnrolmentStore } from '../contract.ts';
import type { Tables } from './tables.ts';

export function enrolmentStore(db: Kysely<Tables>): EnrolmentStore {
  return {
    async add(token, secretHash) {
      await db
        .insertInto('enrolment_token')
        .values({
          id: token.id,
          secret_hash: secretHash,
          created_at: token.createdAt,
          expires_at: token.expiresAt,
          uses: 0,
          max_uses: token.maxUses,
        })
        .execute();
    },
    async take(secretHash, at) {
      const taken = await db
        .updateTable('enrolment_token')
        .set({ uses: sql`uses + 1` })
        .where('secret_hash', '=', secretHash)
        .where('expires_at', '>', at)
        .whereRef('uses', '<', 'max_uses')
        .executeTakeFirst();
      return taken.numUpdatedRows === 1n;
    },
    async list() {
      const rows = await db
        .selectFrom('enrolment_token')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        uses: row.uses,
        maxUses: row.max_uses,
      }));
    },
  };
}
