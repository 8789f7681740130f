import type { Kysely, Transaction } from 'kysely';
import type { HostGroup, HostGroupStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

/** Names of the groups of each host, in order. */
export async function groupsByHost(
  db: Kysely<Tables>,
  hostId?: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('host_group_member')
    .selectAll()
    .$if(hostId !== undefined, (query) => query.where('host_id', '=', hostId ?? ''))
    .orderBy('group_name')
    .execute();
  const found = new Map<string, string[]>();
  for (const { group_name, host_id } of rows) {
    const names = found.get(host_id);
    if (names === undefined) found.set(host_id, [group_name]);
    else names.push(group_name);
  }
  return found;
}

async function groupsIn(db: Kysely<Tables>, name?: string): Promise<readonly HostGroup[]> {
  const isNamed = name !== undefined;
  const groups = await db
    .selectFrom('host_group')
    .selectAll()
    .$if(isNamed, (query) => query.where('name', '=', name ?? ''))
    .orderBy('name')
    .execute();
  const members = await db
    .selectFrom('host_group_member')
    .selectAll()
    .$if(isNamed, (query) => query.where('group_name', '=', name ?? ''))
    .orderBy('host_id')
    .execute();
  const byGroup = Map.groupBy(members, ({ group_name }) => group_name);
  return groups.map(({ name: own, description, changed_at, changed_by }) => ({
    ...{ name: own, description, changedAt: changed_at, changedBy: changed_by },
    hosts: (byGroup.get(own) ?? []).map(({ host_id }) => host_id),
  }));
}

async function removeMembers(tx: Transaction<Tables>, name: string): Promise<void> {
  await tx.deleteFrom('host_group_member').where('group_name', '=', name).execute();
}

export function hostGroupStore(db: Kysely<Tables>): HostGroupStore {
  return {
    list: () => groupsIn(db),
    async put({ name, description, hosts, changedAt, changedBy }, most, entry) {
      return await db.transaction().execute(async (tx) => {
        const known = await tx.selectFrom('host_group').select('name').execute();
        if (known.length >= most && !known.some((group) => group.name === name)) return undefined;
        const row = { description, changed_at: changedAt, changed_by: changedBy };
        await tx
          .insertInto('host_group')
          .values({ name, ...row })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
          .execute();
        await removeMembers(tx, name);
        for (const host_id of new Set(hosts))
          await tx.insertInto('host_group_member').values({ group_name: name, host_id }).execute();
        await appendEntry(tx, entry);
        return (await groupsIn(tx, name))[0];
      });
    },
    async remove(name, entry) {
      return await db.transaction().execute(async (tx) => {
        const { numDeletedRows } = await tx
          .deleteFrom('host_group')
          .where('name', '=', name)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await removeMembers(tx, name);
        await appendEntry(tx, entry);
        return true;
      });
    },
  };
}
