import type { Kysely } from 'kysely';
import type { Rollout } from '../../rollout/contract.ts';
import type { RolloutStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import type { Tables } from './tables.ts';

/** Rollouts that are kept; what they did stays in the audit log. */
const maxRollouts = 200;

export function rolloutStore(db: Kysely<Tables>): RolloutStore {
  return {
    async list() {
      const rows = await db
        .selectFrom('rollout')
        .select('content')
        .orderBy('started_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(({ content }) => JSON.parse(content) as Rollout);
    },
    async get(id) {
      const row = await db.selectFrom('rollout').select('content').where('id', '=', id).executeTakeFirst();
      return row && (JSON.parse(row.content) as Rollout);
    },
    put: (rollout, entry) =>
      db.transaction().execute(async (tx) => {
        const content = JSON.stringify(rollout);
        await tx
          .insertInto('rollout')
          .values({ id: rollout.id, started_at: rollout.startedAt, content })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ content }))
          .execute();
        const kept = tx.selectFrom('rollout').select('id').orderBy('started_at', 'desc').limit(maxRollouts);
        await tx.deleteFrom('rollout').where('id', 'not in', kept).execute();
        if (entry !== undefined) await appendEntry(tx, entry);
      }),
  };
}
