import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { VedetteError } from '#shared/errors.ts';
import type { BundleStore, BundleSwitch, StoredBundle } from '../contract.ts';
import { appendEntry } from './audit.ts';
import { keepSnapshot } from './detection.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

type BundleRow = Omit<Selectable<Tables['bundle']>, 'content'>;

/** All but the bytes. */
const columns = [
  ...(['version', 'digest', 'name', 'expires_at', 'min_agent_version'] as const),
  ...(['untested', 'files', 'size_bytes', 'added_at', 'added_by'] as const),
] as const;

function bundleOf(row: BundleRow): StoredBundle {
  return {
    version: row.version,
    digest: row.digest,
    name: row.name,
    expiresAt: row.expires_at,
    minAgentVersion: row.min_agent_version,
    untested: JSON.parse(row.untested),
    files: row.files,
    sizeBytes: row.size_bytes,
    addedAt: row.added_at,
    addedBy: row.added_by,
  };
}

function rowOf(bundle: StoredBundle): BundleRow {
  const { version, digest, name, files } = bundle;
  return {
    ...{ version, digest, name, files },
    expires_at: bundle.expiresAt,
    min_agent_version: bundle.minAgentVersion,
    untested: JSON.stringify(bundle.untested),
    size_bytes: bundle.sizeBytes,
    added_at: bundle.addedAt,
    added_by: bundle.addedBy,
  };
}

function switchOf(row: Selectable<Tables['bundle_switch']>): BundleSwitch {
  const { version, digest, at, switched_by: by, reason, cursor } = row;
  return { version, digest, at, by, reason, cursor };
}

async function keepTrust(tx: Transaction<Tables>, data: Uint8Array): Promise<void> {
  await tx
    .insertInto('bundle_trust')
    .values({ id: 1, data })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ data }))
    .execute();
}

/** Throws `api.not_found` where the bundle was removed meanwhile. */
async function keepContent(tx: Transaction<Tables>, version: number, content: Uint8Array): Promise<void> {
  const kept = await tx
    .updateTable('bundle')
    .set({ content, size_bytes: content.length })
    .where('version', '=', version)
    .executeTakeFirst();
  if (kept.numUpdatedRows === 0n)
    throw new VedetteError('api.not_found', `There is no bundle ${version} any more.`);
}

async function lastSwitch(db: Kysely<Tables>): Promise<BundleSwitch | undefined> {
  const row = await db.selectFrom('bundle_switch').selectAll().orderBy('number', 'desc').executeTakeFirst();
  return row && switchOf(row);
}

/** Removes the lowest versions beyond the bound, but not `kept` nor the one in force; gives which. */
async function prune(tx: Transaction<Tables>, kept: number, maxBundles: number): Promise<readonly number[]> {
  const inForce = (await lastSwitch(tx))?.version ?? kept;
  const rows = await tx.selectFrom('bundle').select('version').orderBy('version').execute();
  const surplus = rows
    .map(({ version }) => version)
    .filter((version) => version !== kept && version !== inForce)
    .slice(0, Math.max(0, rows.length - maxBundles));
  if (surplus.length > 0) await tx.deleteFrom('bundle').where('version', 'in', surplus).execute();
  return surplus;
}

/**
 * Waits for the disk, also on a connection that usually does not: what somebody is told is in force must be so after a
 * power cut.
 */
async function synced(db: Kysely<Tables>, work: () => Promise<void>): Promise<void> {
  const { rows } = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(db);
  await sql`PRAGMA synchronous = FULL`.execute(db);
  try {
    await work();
  } finally {
    await sql`PRAGMA synchronous = ${sql.raw(String(rows[0]?.synchronous ?? 2))}`.execute(db);
  }
}

export function bundleStore(db: Kysely<Tables>, sealed: SealedColumns): BundleStore {
  return {
    async list() {
      const rows = await db.selectFrom('bundle').select(columns).orderBy('version', 'desc').execute();
      return rows.map(bundleOf);
    },
    async get(version) {
      const query = db.selectFrom('bundle').select(columns).where('version', '=', version);
      const row = await query.executeTakeFirst();
      return row && bundleOf(row);
    },
    async content(version) {
      const query = db.selectFrom('bundle').select('content').where('version', '=', version);
      return (await query.executeTakeFirst())?.content;
    },
    put: (bundle, content, maxBundles, entry) =>
      db.transaction().execute(async (tx) => {
        const row = { ...rowOf(bundle), content };
        await tx
          .insertInto('bundle')
          .values(row)
          .onConflict((conflict) => conflict.column('version').doUpdateSet(row))
          .execute();
        const removed = await prune(tx, bundle.version, maxBundles);
        const detail = { ...entry.detail, ...(removed.length > 0 && { removed: removed.join(' ') }) };
        await appendEntry(tx, { ...entry, detail });
        return removed;
      }),
    inForce: () => lastSwitch(db),
    async switches(limit) {
      const query = db.selectFrom('bundle_switch').selectAll().orderBy('number', 'desc').limit(limit);
      return (await query.execute()).map(switchOf);
    },
    async activate({ content, trust, snapshot, ...made }, entry) {
      const { by, ...row } = made;
      await synced(db, () =>
        db.transaction().execute(async (tx) => {
          await keepContent(tx, made.version, content);
          await tx
            .insertInto('bundle_switch')
            .values({ ...row, switched_by: by })
            .execute();
          await keepTrust(tx, trust);
          if (snapshot !== null) await keepSnapshot(tx, made.cursor, snapshot, sealed);
          await appendEntry(tx, entry);
        }),
      );
    },
    async restate(version, content, trust, entry) {
      await db.transaction().execute(async (tx) => {
        await keepContent(tx, version, content);
        await keepTrust(tx, trust);
        await appendEntry(tx, entry);
      });
    },
    async roots() {
      const rows = await db.selectFrom('bundle_root').select('document').orderBy('version').execute();
      return rows.map(({ document }) => document);
    },
    addRoot: (version, document, trust, entry) =>
      db.transaction().execute(async (tx) => {
        const added = await tx
          .insertInto('bundle_root')
          .values({ version, document })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (added.numInsertedOrUpdatedRows === 0n) return false;
        await keepTrust(tx, trust);
        await appendEntry(tx, entry);
        return true;
      }),
    async trust() {
      return (await db.selectFrom('bundle_trust').select('data').executeTakeFirst())?.data;
    },
  };
}
