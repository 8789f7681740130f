import { type Kysely, type Selectable, sql } from 'kysely';
import type { EnrolmentStore, EnrolmentToken } from '../contract.ts';
import type { Tables } from './tables.ts';

function tokenOf(row: Selectable<Tables['enrolment_token']>): EnrolmentToken {
  return {
    id: row.id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    uses: row.uses,
    maxUses: row.max_uses,
    hostPattern: row.host_pattern,
    revokedAt: row.revoked_at,
  };
}

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
          host_pattern: token.hostPattern,
          revoked_at: null,
        })
        .execute();
    },
    async find(secretHash) {
      const row = await db
        .selectFrom('enrolment_token')
        .selectAll()
        .where('secret_hash', '=', secretHash)
        .executeTakeFirst();
      return row && tokenOf(row);
    },
    async take(secretHash, at) {
      const taken = await db
        .updateTable('enrolment_token')
        .set({ uses: sql`uses + 1` })
        .where('secret_hash', '=', secretHash)
        .where('expires_at', '>', at)
        .where('revoked_at', 'is', null)
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
      return rows.map(tokenOf);
    },
    async revoke(id, at) {
      const row = await db
        .updateTable('enrolment_token')
        .set({ revoked_at: sql`coalesce(revoked_at, ${at})` })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row && tokenOf(row);
    },
  };
}
