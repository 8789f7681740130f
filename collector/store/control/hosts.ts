import { type Kysely, type Selectable, sql } from 'kysely';
import type { Host, HostFacts, HostStore } from '../contract.ts';
import { groupsByHost } from './host-groups.ts';
import type { Tables } from './tables.ts';

function hostOf(row: Selectable<Tables['host']>, groups: readonly string[] | undefined): Host {
  return {
    ...(groups !== undefined && { groups }),
    id: row.id,
    hostname: row.hostname,
    os: row.os,
    ...(row.os_version !== null && { osVersion: row.os_version }),
    ...(row.kernel !== null && { kernel: row.kernel }),
    ...(row.arch !== null && { arch: row.arch }),
    ...(row.agent_version !== null && { agentVersion: row.agent_version }),
    enrolledAt: row.enrolled_at,
    lastSeenAt: row.last_seen_at,
    connected: row.connected === 1,
    state: row.state,
    ...(row.state_reason !== null && { stateReason: row.state_reason }),
    ...(row.state_at !== null && { stateAt: row.state_at }),
  };
}

function columnsOf(facts: HostFacts) {
  return {
    hostname: facts.hostname,
    os: facts.os,
    os_version: facts.osVersion ?? null,
    kernel: facts.kernel ?? null,
    arch: facts.arch ?? null,
    agent_version: facts.agentVersion ?? null,
  };
}

async function seenIn(
  db: Kysely<Tables>,
  one: { id: string; at: number; connected: boolean; facts?: HostFacts | undefined },
): Promise<void> {
  const { id, at, connected, facts } = one;
  await db
    .updateTable('host')
    .set({ ...(facts && columnsOf(facts)), last_seen_at: at, connected: connected ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}

export function hostStore(db: Kysely<Tables>): HostStore {
  return {
    async list() {
      const rows = await db.selectFrom('host').selectAll().orderBy('hostname').orderBy('id').execute();
      const groups = await groupsByHost(db);
      return rows.map((row) => hostOf(row, groups.get(row.id)));
    },
    async get(id) {
      const row = await db.selectFrom('host').selectAll().where('id', '=', id).executeTakeFirst();
      return row && hostOf(row, (await groupsByHost(db, id)).get(id));
    },
    async add(id, facts, at) {
      await db
        .insertInto('host')
        .values({
          id,
          ...columnsOf(facts),
          enrolled_at: at,
          last_seen_at: null,
          connected: 0,
          state: 'active',
          state_reason: null,
          state_at: null,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...columnsOf(facts), enrolled_at: at }))
        .execute();
    },
    seen: (id, at, connected, facts) => seenIn(db, { id, at, connected, facts }),
    async seenAll(seen) {
      await db.transaction().execute(async (transaction) => {
        for (const one of seen) await seenIn(transaction, one);
      });
    },
    async seenConnected(at) {
      await db.updateTable('host').set({ last_seen_at: at }).where('connected', '=', 1).execute();
    },
    async setState(id, state, reason, at) {
      const row = await db
        .updateTable('host')
        .set({ state, state_reason: reason, state_at: at })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row && hostOf(row, (await groupsByHost(db, id)).get(id));
    },
    async isNameOfAnother(id, hostname) {
      const row = await db
        .selectFrom('host')
        .select('id')
        .where(sql`lower(hostname)`, '=', hostname.toLowerCase())
        .where('id', '!=', id)
        .where('state', '=', 'active')
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    async disconnectAll() {
      await db.updateTable('host').set({ connected: 0 }).where('connected', '=', 1).execute();
    },
  };
}
