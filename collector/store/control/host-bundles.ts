import type { Kysely, Selectable, Transaction } from 'kysely';
import { noReport, type RuleReport, type RuleStatus } from '#shared/protocol/host-rules.ts';
import type { HostBundle, HostBundleStore, SaidBundle, WantedBundle } from '../contract.ts';
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

function columnsOf({ status, version, digest, expiresAt, code, detail, ...rest }: SaidBundle) {
  const { since, toldAt, report } = rest;
  return {
    ...{ state: status, version, digest, expires_at: expiresAt, code, detail, since },
    ...{ told_at: toldAt, report: JSON.stringify(report) },
  };
}

const unsaid = columnsOf({
  ...{ hostId: '', status: 'none', version: 0, digest: '', expiresAt: 0, code: '', detail: '' },
  ...{ since: 0, toldAt: 0, report: noReport },
});

async function say(tx: Transaction<Tables>, said: SaidBundle): Promise<void> {
  const columns = columnsOf(said);
  await tx
    .insertInto('host_bundle')
    .values({ host_id: said.hostId, wanted_version: null, wanted_digest: null, ...columns })
    .onConflict((conflict) => conflict.column('host_id').doUpdateSet(columns))
    .execute();
}

async function want(
  tx: Transaction<Tables>,
  hostId: string,
  { version, digest }: WantedBundle,
): Promise<void> {
  const columns = { wanted_version: version, wanted_digest: digest };
  await tx
    .insertInto('host_bundle')
    .values({ host_id: hostId, ...columns, ...unsaid })
    .onConflict((conflict) => conflict.column('host_id').doUpdateSet({ ...columns, code: '', detail: '' }))
    .execute();
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
    async putAll({ said, wanted }) {
      await db.transaction().execute(async (tx) => {
        for (const one of wanted) await want(tx, one.hostId, one);
        for (const one of said) await say(tx, one);
      });
    },
  };
}
