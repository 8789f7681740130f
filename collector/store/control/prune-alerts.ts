import type { Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** See AlertStore.prune. */
export async function pruneAlerts(
  tx: Transaction<Tables>,
  closedBefore: number,
  most: number,
  limit: number,
): Promise<number> {
  const { n } = await tx
    .selectFrom('alert')
    .select((row) => row.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  const old = await idsOf(tx, limit, true, closedBefore);
  const room = Math.min(n - most, limit) - old.length;
  const closed = room > 0 ? await idsOf(tx, room + old.length, true) : [];
  const chosen = new Set([...old, ...closed]);
  const still = Math.min(n - most, limit) - chosen.size;
  if (still > 0) for (const id of await idsOf(tx, still, false)) chosen.add(id);
  const ids = [...chosen];
  if (ids.length === 0) return 0;
  const stories = await tx.selectFrom('alert').select('story_id').distinct().where('id', 'in', ids).execute();
  await tx.deleteFrom('alert_relation').where('alert_id', 'in', ids).execute();
  await tx.deleteFrom('alert_tree').where('id', 'in', ids).execute();
  await tx.deleteFrom('alert').where('id', 'in', ids).execute();
  for (const { story_id } of stories) if (story_id !== null) await dropEmpty(tx, story_id);
  await tx
    .updateTable('alert_pruned')
    .set((row) => ({ alerts: row('alerts', '+', ids.length) }))
    .execute();
  return ids.length;
}

async function idsOf(
  tx: Transaction<Tables>,
  limit: number,
  isClosed: boolean,
  before?: number,
): Promise<readonly string[]> {
  let query = tx
    .selectFrom('alert')
    .select('id')
    .where('status', isClosed ? '=' : '<>', 'closed');
  if (before !== undefined) query = query.where('last_event_at', '<', before);
  const rows = await query.orderBy('last_event_at').orderBy('id').limit(limit).execute();
  return rows.map(({ id }) => id);
}

/** A story whose alerts are all given up goes with them, and so do the ids it once had. */
async function dropEmpty(tx: Transaction<Tables>, story: string): Promise<void> {
  const left = await tx.selectFrom('alert').select('id').where('story_id', '=', story).executeTakeFirst();
  if (left !== undefined) return;
  await tx
    .deleteFrom('story')
    .where((row) => row.or([row('id', '=', story), row('merged_into', '=', story)]))
    .execute();
}
