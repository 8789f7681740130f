import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import { VedetteError } from '#shared/errors.ts';
import type { AuditEntry, AuditFilter, AuditStore, AuditVerdict, NewAuditEntry } from '../contract.ts';
import { bounded, detailText, genesis, hashOf } from './audit-chain.ts';
import type { Tables } from './tables.ts';

type AuditRow = Selectable<Tables['audit']>;

/** Entries read at once while verifying. */
const verifyRows = 1000;

function entryOf(row: AuditRow): AuditEntry {
  return { ...row, detail: JSON.parse(row.detail) };
}

/** Adds to the log as part of a transaction, which holds the write lock: numbers have no gaps, each hash its one before. */
export async function appendEntry(tx: Transaction<Tables>, entry: NewAuditEntry): Promise<AuditEntry> {
  const last = await tx
    .selectFrom('audit')
    .select(['number', 'hash'])
    .orderBy('number', 'desc')
    .executeTakeFirst();
  const { detail, ...rest } = bounded(entry);
  const placed = { number: (last?.number ?? 0) + 1, ...rest };
  const text = detailText(detail);
  const row = { ...placed, detail: text, hash: hashOf(last?.hash ?? genesis, placed, text) };
  await tx.insertInto('audit').values(row).execute();
  return entryOf(row);
}

function filtered<O>(
  query: SelectQueryBuilder<Tables, 'audit', O>,
  filter: AuditFilter,
): SelectQueryBuilder<Tables, 'audit', O> {
  let q = query;
  if (filter.actor !== undefined) q = q.where('actor', '=', filter.actor);
  if (filter.action !== undefined) q = q.where('action', '=', filter.action);
  if (filter.target !== undefined) q = q.where('target', '=', filter.target);
  if (filter.since !== undefined) q = q.where('at', '>=', filter.since);
  if (filter.until !== undefined) q = q.where('at', '<=', filter.until);
  return q;
}

function placeOf(cursor: string): number {
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new VedetteError('store.cursor_invalid', 'The cursor is not one this list gave.');
}

/** Why a row is not what comes after `number` and `hash`; undefined when it is. */
function faultOf(row: AuditRow, number: number, hash: string): AuditVerdict['broken'] {
  if (row.number !== number + 1) return { number: number + 1, reason: 'It is missing.' };
  if (row.hash === hashOf(hash, row, row.detail)) return null;
  return { number: row.number, reason: 'It, or the hash before it, is not what was written.' };
}

export function auditStore(db: Kysely<Tables>): AuditStore {
  return {
    append: (entry) => db.transaction().execute((tx) => appendEntry(tx, entry)),
    async list(filter, limit, cursor) {
      let query = filtered(db.selectFrom('audit').selectAll(), filter);
      if (cursor !== undefined) query = query.where('number', '<', placeOf(cursor));
      const rows = await query
        .orderBy('number', 'desc')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map(entryOf);
      const last = items.at(-1);
      return { items, next: rows.length > limit && last ? String(last.number) : null };
    },
    async verify() {
      let number = 0;
      let head = genesis;
      for (;;) {
        const rows = await db
          .selectFrom('audit')
          .selectAll()
          .where('number', '>', number)
          .orderBy('number')
          .limit(verifyRows)
          .execute();
        for (const row of rows) {
          const broken = faultOf(row, number, head);
          if (broken !== null) return { entries: number, head, broken };
          number = row.number;
          head = row.hash;
        }
        if (rows.length < verifyRows) return { entries: number, head, broken: null };
      }
    },
  };
}
