import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import type { Credential, CredentialStore, Role } from '../contract.ts';
import type { Tables } from './tables.ts';

function credentialOf(row: Selectable<Tables['credential']>): Credential {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    role: row.role as Role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

function matching(kind: Credential['kind'], secretHash: string, at: number) {
  return (row: ExpressionBuilder<Tables, 'credential'>) =>
    row.and([
      row('kind', '=', kind),
      row('secret_hash', '=', secretHash),
      row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]),
    ]);
}

export function credentialStore(db: Kysely<Tables>): CredentialStore {
  return {
    async add(credential, secretHash) {
      await db
        .insertInto('credential')
        .values({
          id: credential.id,
          kind: credential.kind,
          secret_hash: secretHash,
          name: credential.name,
          role: credential.role,
          created_at: credential.createdAt,
          expires_at: credential.expiresAt,
        })
        .execute();
    },
    async find(kind, secretHash, at) {
      const row = await db
        .selectFrom('credential')
        .selectAll()
        .where(matching(kind, secretHash, at))
        .executeTakeFirst();
      return row && credentialOf(row);
    },
    async take(kind, secretHash, at) {
      const row = await db
        .deleteFrom('credential')
        .where(matching(kind, secretHash, at))
        .returningAll()
        .executeTakeFirst();
      return row && credentialOf(row);
    },
    async remove(id) {
      await db.deleteFrom('credential').where('id', '=', id).execute();
    },
    async removeExpired(at) {
      const gone = await db.deleteFrom('credential').where('expires_at', '<=', at).executeTakeFirst();
      return Number(gone.numDeletedRows);
    },
  };
}
