import type { Kysely } from 'kysely';
import type { Credential, CredentialStore, Role, SignInWay } from '../contract.ts';
import type { Tables } from './tables.ts';

/** Credentials beside their accounts; what belongs to one that is disabled is not seen. */
function credentials(db: Kysely<Tables>) {
  return db
    .selectFrom('credential')
    .leftJoin('account', 'account.id', 'credential.account_id')
    .where((row) => row.or([row('credential.account_id', 'is', null), row('account.disabled', '=', 0)]))
    .select([
      'credential.id',
      'credential.kind',
      'credential.name as label',
      'credential.role as own_role',
      'credential.created_at',
      'credential.expires_at',
      'credential.account_id',
      'credential.via',
      'credential.scopes',
      'credential.last_seen_at',
      'credential.address',
      'credential.user_agent',
      'account.name',
      'account.role',
      'account.totp_confirmed_at',
    ]);
}

function credentialOf(row: {
  readonly id: string;
  readonly kind: Credential['kind'];
  readonly label: string;
  readonly own_role: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly account_id: string | null;
  readonly via: SignInWay | null;
  readonly scopes: string | null;
  readonly last_seen_at: number | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly name: string | null;
  readonly role: string | null;
  readonly totp_confirmed_at: number | null;
}): Credential {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name ?? row.label,
    label: row.label,
    role: (row.role ?? row.own_role) as Role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    accountId: row.account_id,
    hasSecondFactor: row.totp_confirmed_at !== null,
    via: row.via,
    scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as readonly string[]),
    lastSeenAt: row.last_seen_at,
    address: row.address,
    userAgent: row.user_agent,
  };
}

export function credentialStore(db: Kysely<Tables>): CredentialStore {
  const findIn = async (tx: Kysely<Tables>, kind: Credential['kind'], secretHash: string, at: number) => {
    const row = await credentials(tx)
      .where('credential.kind', '=', kind)
      .where('credential.secret_hash', '=', secretHash)
      .where((r) => r.or([r('credential.expires_at', 'is', null), r('credential.expires_at', '>', at)]))
      .executeTakeFirst();
    return row && credentialOf(row);
  };
  return {
    async add(credential, secretHash, most) {
      await db.transaction().execute(async (tx) => {
        const { id, kind, accountId } = credential;
        await tx
          .insertInto('credential')
          .values({
            ...{ id, kind, secret_hash: secretHash, name: credential.label, role: credential.role },
            ...{ created_at: credential.createdAt, expires_at: credential.expiresAt, account_id: accountId },
            ...{ via: credential.via, address: credential.address, user_agent: credential.userAgent },
            scopes: credential.scopes && JSON.stringify(credential.scopes),
            last_seen_at: null,
          })
          .execute();
        if (most === undefined) return;
        const beyond = tx
          .selectFrom('credential')
          .select('id')
          .where('kind', '=', kind)
          .where('account_id', 'is', accountId)
          .orderBy((row) => row.fn.coalesce('last_seen_at', 'created_at'), 'desc')
          .orderBy('created_at', 'desc')
          .limit(-1)
          .offset(most);
        await tx.deleteFrom('credential').where('id', 'in', beyond).where('id', '!=', id).execute();
      });
    },
    find: (kind, secretHash, at) => findIn(db, kind, secretHash, at),
    take: (kind, secretHash, at) =>
      db.transaction().execute(async (tx) => {
        const found = await findIn(tx, kind, secretHash, at);
        if (found !== undefined) await tx.deleteFrom('credential').where('id', '=', found.id).execute();
        return found;
      }),
    async get(id) {
      const row = await credentials(db).where('credential.id', '=', id).executeTakeFirst();
      return row && credentialOf(row);
    },
    async list(kind, accountId, at) {
      let query = credentials(db)
        .where('credential.kind', '=', kind)
        .where((r) => r.or([r('credential.expires_at', 'is', null), r('credential.expires_at', '>', at)]));
      if (accountId !== undefined) query = query.where('credential.account_id', '=', accountId);
      const rows = await query.orderBy('credential.created_at', 'desc').orderBy('credential.id').execute();
      return rows.map(credentialOf);
    },
    async touch(id, at) {
      await db.updateTable('credential').set({ last_seen_at: at }).where('id', '=', id).execute();
    },
    async rotate(id, secretHash, expiresAt) {
      const changed = await db
        .updateTable('credential')
        .set({ secret_hash: secretHash, expires_at: expiresAt })
        .where('id', '=', id)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async remove(id) {
      await db.deleteFrom('credential').where('id', '=', id).execute();
    },
    async removeExpired(at, idleSince) {
      const gone = await db.deleteFrom('credential').where('expires_at', '<=', at).executeTakeFirst();
      if (idleSince === undefined) return Number(gone.numDeletedRows);
      const idle = await db
        .deleteFrom('credential')
        .where('kind', '=', 'session')
        .where((row) => row(row.fn.coalesce('last_seen_at', 'created_at'), '<', idleSince))
        .executeTakeFirst();
      return Number(gone.numDeletedRows + idle.numDeletedRows);
    },
  };
}
