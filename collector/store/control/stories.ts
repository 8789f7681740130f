import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Story, StoryStore, StorySummary } from '../contract.ts';
import { alertOf, withTrees } from './alert-rows.ts';
import { decodePlace, encodePlace } from './place.ts';
import { Placing } from './place-story.ts';
import type { SealedColumns } from './sealed-columns.ts';
import { summaryOf } from './story-summary.ts';
import type { Tables } from './tables.ts';

type StoryRow = Selectable<Tables['story']>;

function storyOf(row: StoryRow): Story {
  const { id, first_at, last_at, alerts, beyond } = row;
  const summary = JSON.parse(row.summary) as StorySummary;
  return { id, firstEventAt: first_at, lastEventAt: last_at, alerts, beyond, ...summary };
}

export function storyStore(db: Kysely<Tables>, sealed: SealedColumns): StoryStore {
  async function sumUp(tx: Transaction<Tables>, story: string): Promise<void> {
    const rows = await tx.selectFrom('alert').selectAll().where('story_id', '=', story).execute();
    if (rows.length === 0) return;
    const alerts = rows.map(alertOf);
    const { beyond } = await tx
      .selectFrom('story')
      .select('beyond')
      .where('id', '=', story)
      .executeTakeFirstOrThrow();
    await tx
      .updateTable('story')
      .set(
        sealed.seal('story', {
          ...{ alerts: alerts.length, beyond, summary: JSON.stringify(summaryOf(alerts)) },
          first_at: Math.min(...alerts.map(({ firstEventAt }) => firstEventAt)),
          last_at: Math.max(...alerts.map(({ lastEventAt }) => lastEventAt)),
        }),
      )
      .where('id', '=', story)
      .execute();
  }

  return {
    async unplaced(limit) {
      const rows = await withTrees(db)
        .where('needs_story', '=', 1)
        .orderBy('raised_at')
        .orderBy('alert.id')
        .limit(limit)
        .execute();
      return rows.map(alertOf);
    },
    async place(placements) {
      await db.transaction().execute(async (tx) => {
        const placing = new Placing(tx);
        for (const placement of placements) {
          const hasRoom = await placing.place(placement);
          await tx
            .updateTable('alert')
            .set({ needs_story: hasRoom ? 0 : 2 })
            .where('id', '=', placement.alertId)
            .where('first_event_at', '=', placement.firstEventAt)
            .where('last_event_at', '=', placement.lastEventAt)
            .execute();
        }
        for (const story of placing.touched) await sumUp(tx, story);
      });
    },
    async refresh(id) {
      await db.transaction().execute(async (tx) => {
        const row = await tx.selectFrom('alert').select('story_id').where('id', '=', id).executeTakeFirst();
        if (row?.story_id != null) await sumUp(tx, row.story_id);
      });
    },
    async list(filter, limit, cursor) {
      let query = db.selectFrom('story').selectAll().where('merged_into', 'is', null);
      query = query.where('alerts', '>=', filter.minAlerts ?? 1);
      if (filter.since !== undefined) query = query.where('last_at', '>=', filter.since);
      if (cursor !== undefined) {
        const { at, id } = decodePlace(cursor);
        query = query.where((row) =>
          row.or([row('last_at', '<', at), row.and([row('last_at', '=', at), row('id', '<', id)])]),
        );
      }
      const rows = await query
        .orderBy('last_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map(storyOf);
      const last = items.at(-1);
      const isMore = rows.length > limit && last !== undefined;
      return { items, next: isMore ? encodePlace({ at: last.lastEventAt, id: last.id }) : null };
    },
    async get(id) {
      const named = await db.selectFrom('story').selectAll().where('id', '=', id).executeTakeFirst();
      const into = named?.merged_into;
      const row =
        into == null
          ? named
          : await db.selectFrom('story').selectAll().where('id', '=', into).executeTakeFirst();
      if (row === undefined) return undefined;
      const alerts = await withTrees(db)
        .where('story_id', '=', row.id)
        .orderBy('first_event_at')
        .orderBy('alert.id')
        .execute();
      return { story: storyOf(row), alerts: alerts.map(alertOf) };
    },
    async treeless(limit, settledBefore) {
      const rows = await db
        .selectFrom('alert')
        .selectAll()
        .where('needs_tree', '=', 1)
        // What only a host told of yet is not stored yet.
        .where((row) => row.or([row('central_count', '>', 0), row('raised_at', '<', settledBefore)]))
        .orderBy('raised_at')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(alertOf);
    },
    async freeze(id, tree) {
      await db.transaction().execute(async (tx) => {
        if (tree !== null)
          await tx
            .insertInto('alert_tree')
            .values(sealed.seal('alert_tree', { id, tree: JSON.stringify(tree) }))
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        // Its ancestors may relate it to more; one that had no room has none now either.
        const { numUpdatedRows } = await tx
          .updateTable('alert')
          .set((alert) => ({
            needs_tree: 0,
            needs_story: alert.case().when('needs_story', '=', 2).then(2).else(1).end(),
          }))
          .where('id', '=', id)
          .executeTakeFirst();
        // It was given up meanwhile.
        if (numUpdatedRows === 0n) await tx.deleteFrom('alert_tree').where('id', '=', id).execute();
      });
    },
    async above() {
      const rows = await db.selectFrom('risk_above').select('subject').execute();
      return rows.map(({ subject }) => subject);
    },
    async setAbove(subject, since) {
      if (since === null) await db.deleteFrom('risk_above').where('subject', '=', subject).execute();
      else
        await db
          .insertInto('risk_above')
          .values({ subject, since })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
    },
  };
}
