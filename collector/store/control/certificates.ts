import type { Kysely, Selectable } from 'kysely';
import type { Certificate, CertificateStore } from '../contract.ts';
import type { Tables } from './tables.ts';

function certificateOf(row: Selectable<Tables['certificate']>): Certificate {
  return {
    serial: row.serial,
    hostId: row.host_id,
    fingerprint: row.fingerprint,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    revokedReason: row.revoked_reason,
  };
}

export function certificateStore(db: Kysely<Tables>): CertificateStore {
  return {
    async add({ serial, hostId, fingerprint, issuedAt, expiresAt }, keepSince) {
      await db.transaction().execute(async (tx) => {
        await tx
          .deleteFrom('certificate')
          .where('host_id', '=', hostId)
          .where('expires_at', '<', keepSince)
          .execute();
        await tx
          .insertInto('certificate')
          .values({
            serial,
            host_id: hostId,
            fingerprint,
            issued_at: issuedAt,
            expires_at: expiresAt,
            revoked_at: null,
            revoked_reason: null,
          })
          .execute();
      });
    },
    async get(serial) {
      const row = await db
        .selectFrom('certificate')
        .selectAll()
        .where('serial', '=', serial)
        .executeTakeFirst();
      return row && certificateOf(row);
    },
    async list(hostId) {
      const rows = await db
        .selectFrom('certificate')
        .selectAll()
        .where('host_id', '=', hostId)
        .orderBy('issued_at', 'desc')
        .orderBy('serial')
        .execute();
      return rows.map(certificateOf);
    },
    async revoke(serialOrFingerprint, reason, at) {
      const row = await db
        .updateTable('certificate')
        .set({ revoked_at: at, revoked_reason: reason })
        .where((where) =>
          where.or([
            where('serial', '=', serialOrFingerprint),
            where('fingerprint', '=', serialOrFingerprint),
          ]),
        )
        .returningAll()
        .executeTakeFirst();
      return row && certificateOf(row);
    },
  };
}
