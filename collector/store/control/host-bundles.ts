import type { Kysely, Selectable } from 'kysely';
import { noReport, type RuleReport, type RuleStatus } from '#shared/protocol/host-rules.ts';
import type { HostBundle, HostBundleStore } from '../contract.ts';
import type { Tables } from './tables.ts';

function bundleOf(row: Selectable<Tables['host_bundle']>): HostBundle {
  const { wanted_version: version, wanted_digest: digest } = row;
  return {
    hostId: row.host_id,
    wanted: version === null || digest === null ? null : { version, digest },
    status: row.state as RuleStatus,
    version: row.version,
    digest: row.digest,
    expiresAt: row.expires_at,
    code: row.code,
    detail: row.detail,
    since: row.since,
    toldAt: row.told_at,
    report: JSON.parse(row.report) as RuleReport,
  };
}

export function hostBundleStore(db: Kysely<Tables>): HostBundleStore {
  return {
    async list() {
      const rows = await db.selectFrom('host_bundle').selectAll().orderBy('host_id').execute();
      return rows.map(bundleOf);
    },
    async get(hostId) {
      const row = await db
        .selectFrom('host_bundle')
        .selectAll()
        .where('host_id', '=', hostId)
        .executeTakeFirst();
      return row && bundleOf(row);
    },
    async put({ hostId, status, version, digest, expiresAt, code, detail, since, toldAt, report }) {
      const said = {
        ...{ state: status, version, digest, expires_at: expiresAt, code, detail, since },
        ...{ told_at: toldAt, report: JSON.stringify(report) },
      };
      await db
        .insertInto('host_bundle')
        .values({ host_id: hostId, wanted_version: null, wanted_digest: null, ...said })
        .onConflict((conflict) => conflict.column('host_id').doUpdateSet(said))
        .execute();
    },
    async want(hostId, { version, digest }, at) {
      const wanted = { wanted_version: version, wanted_digest: digest };
      const unsaid = {
        state: 'none',
        version: 0,
        digest: '',
        expires_at: 0,
        code: '',
        detail: '',
        since: at,
      };
      await db
        .insertInto('host_bundle')
        .values({ host_id: hostId, ...wanted, ...unsaid, told_at: at, report: JSON.stringify(noReport) })
        .onConflict((conflict) => conflict.column('host_id').doUpdateSet({ ...wanted, code: '', detail: '' }))
        .execute();
    },
  };
}
