import type { Kysely, Selectable, Transaction } from 'kysely';
import { VedetteError } from '#shared/errors.ts';
import type { Account, AccountStore, NewAccount, NewAuditEntry, Role } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

type AccountRow = Selectable<Tables['account']>;

function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    role: row.role as Role,
    isDisabled: row.disabled === 1,
    passwordHash: row.password_hash,
    secondFactor:
      row.totp_secret === null
        ? null
        : { secret: row.totp_secret, confirmedAt: row.totp_confirmed_at, lastStep: row.totp_last_step },
    subject:
      row.oidc_issuer === null || row.oidc_subject === null
        ? null
        : { issuer: row.oidc_issuer, subject: row.oidc_subject },
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
  };
}

const rowOf = (account: NewAccount): AccountRow => ({
  id: account.id,
  name: account.name,
  folded_name: account.name.toLowerCase(),
  display_name: account.displayName,
  role: account.role,
  disabled: 0,
  password_hash: account.passwordHash,
  ...{ totp_secret: null, totp_confirmed_at: null, totp_last_step: 0 },
  oidc_issuer: account.subject?.issuer ?? null,
  oidc_subject: account.subject?.subject ?? null,
  created_at: account.createdAt,
  last_sign_in_at: null,
});

const find = (db: Kysely<Tables>, id: string) =>
  db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst();

/** Part of a transaction, after its changes: undoes all of it where nobody could administer any more. */
async function keepAnAdmin(tx: Transaction<Tables>): Promise<void> {
  const admin = await tx
    .selectFrom('account')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled', '=', 0)
    .executeTakeFirst();
  if (admin === undefined)
    throw new VedetteError('access.last_admin', 'No other enabled user has the role admin.');
}

async function endSessions(tx: Transaction<Tables>, accountId: string, keep: string | null): Promise<void> {
  await tx
    .deleteFrom('credential')
    .where('account_id', '=', accountId)
    .where('kind', 'in', ['session', 'sign-in-link'])
    .where('id', '!=', keep ?? '')
    .execute();
}

async function putRecoveryCodes(tx: Transaction<Tables>, id: string, codes: readonly string[]) {
  await tx.deleteFrom('recovery_code').where('account_id', '=', id).execute();
  if (codes.length > 0)
    await tx
      .insertInto('recovery_code')
      .values(codes.map((hash) => ({ account_id: id, hash })))
      .execute();
}

export function accountStore(db: Kysely<Tables>, sealed: SealedColumns): AccountStore {
  const inTransaction = async <T>(entry: NewAuditEntry, work: (tx: Transaction<Tables>) => Promise<T>) =>
    await db.transaction().execute(async (tx) => {
      const done = await work(tx);
      await appendEntry(tx, entry);
      return done;
    });
  return {
    add: (account, most, entry) =>
      db.transaction().execute(async (tx) => {
        const { n } = await tx
          .selectFrom('account')
          .select(({ fn }) => fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow();
        if (n >= most) return 'full';
        const added = await tx
          .insertInto('account')
          .values(rowOf(account))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (added.numInsertedOrUpdatedRows !== 1n) return 'taken';
        await appendEntry(tx, entry);
        return 'added';
      }),
    async get(id) {
      const row = await find(db, id);
      return row && accountOf(row);
    },
    async byName(name) {
      const row = await db
        .selectFrom('account')
        .selectAll()
        .where('folded_name', '=', name.toLowerCase())
        .executeTakeFirst();
      return row && accountOf(row);
    },
    async bySubject(issuer, subject) {
      const row = await db
        .selectFrom('account')
        .selectAll()
        .where('oidc_issuer', '=', issuer)
        .where('oidc_subject', '=', subject)
        .executeTakeFirst();
      return row && accountOf(row);
    },
    async list() {
      const rows = await db.selectFrom('account').selectAll().orderBy('folded_name').execute();
      return rows.map(accountOf);
    },
    change: (id, { role, displayName, isDisabled }, entry) =>
      db.transaction().execute(async (tx) => {
        const before = await find(tx, id);
        if (before === undefined) return undefined;
        const after = {
          role: role ?? before.role,
          display_name: displayName ?? before.display_name,
          disabled: isDisabled === undefined ? before.disabled : Number(isDisabled),
        };
        await tx.updateTable('account').set(after).where('id', '=', id).execute();
        await keepAnAdmin(tx);
        if (after.role !== before.role || after.disabled === 1) await endSessions(tx, id, null);
        if (after.disabled === 1) await tx.deleteFrom('credential').where('account_id', '=', id).execute();
        await appendEntry(tx, entry);
        return accountOf({ ...before, ...after });
      }),
    remove: (id, entry) =>
      db.transaction().execute(async (tx) => {
        const before = await find(tx, id);
        if (before === undefined) return undefined;
        await tx.deleteFrom('account').where('id', '=', id).execute();
        await keepAnAdmin(tx);
        await tx.deleteFrom('credential').where('account_id', '=', id).execute();
        await tx.deleteFrom('recovery_code').where('account_id', '=', id).execute();
        await appendEntry(tx, entry);
        return accountOf(before);
      }),
    setPassword: (id, hash, keep, entry) =>
      inTransaction(entry, async (tx) => {
        await tx.updateTable('account').set({ password_hash: hash }).where('id', '=', id).execute();
        await endSessions(tx, id, keep);
      }),
    async rehash(id, before, hash) {
      await db
        .updateTable('account')
        .set({ password_hash: hash })
        .where('id', '=', id)
        .where('password_hash', '=', before)
        .execute();
    },
    async signedIn(id, at) {
      await db.updateTable('account').set({ last_sign_in_at: at }).where('id', '=', id).execute();
    },
    async beginSecondFactor(id, secret) {
      const changed = await db
        .updateTable('account')
        .set(sealed.seal('account', { totp_secret: secret }))
        .where('id', '=', id)
        .where('totp_confirmed_at', 'is', null)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    confirmSecondFactor: (id, step, codes, entry) =>
      db.transaction().execute(async (tx) => {
        const changed = await tx
          .updateTable('account')
          .set({ totp_confirmed_at: entry.at, totp_last_step: step })
          .where('id', '=', id)
          .where('totp_secret', 'is not', null)
          .where('totp_confirmed_at', 'is', null)
          .executeTakeFirst();
        if (changed.numUpdatedRows !== 1n) return false;
        await putRecoveryCodes(tx, id, codes);
        await appendEntry(tx, entry);
        return true;
      }),
    removeSecondFactor: (id, entry) =>
      inTransaction(entry, async (tx) => {
        const none = { totp_secret: null, totp_confirmed_at: null, totp_last_step: 0 };
        await tx.updateTable('account').set(none).where('id', '=', id).execute();
        await putRecoveryCodes(tx, id, []);
      }),
    async spendStep(id, step) {
      const changed = await db
        .updateTable('account')
        .set({ totp_last_step: step })
        .where('id', '=', id)
        .where('totp_last_step', '<', step)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async spendRecoveryCode(id, codeHash) {
      const gone = await db
        .deleteFrom('recovery_code')
        .where('account_id', '=', id)
        .where('hash', '=', codeHash)
        .executeTakeFirst();
      return gone.numDeletedRows === 1n;
    },
    setRecoveryCodes: (id, codes, entry) => inTransaction(entry, (tx) => putRecoveryCodes(tx, id, codes)),
  };
}
