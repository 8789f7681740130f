import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import type { Command, CommandStore } from '../contract.ts';
import { appendEntry } from './audit.ts';
import { decodePlace, encodePlace } from './place.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Tables } from './tables.ts';

function commandOf(row: Selectable<Tables['command']>): Command {
  return {
    id: row.id,
    hostId: row.host_id,
    name: row.name,
    arguments: JSON.parse(row.arguments),
    state: row.state,
    issuedAt: row.issued_at,
    issuedBy: row.issued_by,
    expiresAt: row.expires_at,
    sentAt: row.sent_at,
    sends: row.sends,
    answeredAt: row.answered_at,
    code: row.code,
    detail: row.detail,
    output: row.output === null ? null : JSON.parse(row.output),
    cut: row.cut,
  };
}

const isOpen = (row: ExpressionBuilder<Tables, 'command'>) => row('state', 'in', ['queued', 'sent']);

export function commandStore(db: Kysely<Tables>, sealed: SealedColumns): CommandStore {
  return {
    async add(command, maxOpen, entry) {
      return await db.transaction().execute(async (tx) => {
        const { open } = await tx
          .selectFrom('command')
          .select((row) => row.fn.countAll<number>().as('open'))
          .where('host_id', '=', command.hostId)
          .where(isOpen)
          .executeTakeFirstOrThrow();
        if (open >= maxOpen) return false;
        await tx
          .insertInto('command')
          .values({
            id: command.id,
            host_id: command.hostId,
            name: command.name,
            arguments: JSON.stringify(command.arguments),
            state: 'queued',
            issued_at: command.issuedAt,
            issued_by: command.issuedBy,
            expires_at: command.expiresAt,
            sends: 0,
            code: '',
            detail: '',
            cut: 0,
          })
          .execute();
        await appendEntry(tx, entry);
        return true;
      });
    },
    async get(id) {
      const row = await db.selectFrom('command').selectAll().where('id', '=', id).executeTakeFirst();
      return row && commandOf(row);
    },
    async list(filter, limit, cursor) {
      let query = db.selectFrom('command').selectAll();
      if (filter.hostId !== undefined) query = query.where('host_id', '=', filter.hostId);
      if (filter.state !== undefined) query = query.where('state', '=', filter.state);
      if (cursor !== undefined) {
        const { at, id } = decodePlace(cursor);
        query = query.where((row) =>
          row.or([row('issued_at', '<', at), row.and([row('issued_at', '=', at), row('id', '<', id)])]),
        );
      }
      const rows = await query
        .orderBy('issued_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map(commandOf);
      const last = items.at(-1);
      const next = rows.length > limit && last ? encodePlace({ at: last.issuedAt, id: last.id }) : null;
      return { items, next };
    },
    async open(hostId, at) {
      const rows = await db
        .selectFrom('command')
        .selectAll()
        .where('host_id', '=', hostId)
        .where(isOpen)
        .where('expires_at', '>', at)
        .orderBy('issued_at')
        .orderBy('id')
        .execute();
      return rows.map(commandOf);
    },
    async sent(id, at, entry) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('command')
          .set((old) => ({
            state: 'sent' as const,
            sends: old('sends', '+', 1),
            sent_at: old.fn.coalesce('sent_at', old.val(at)),
          }))
          .where('id', '=', id)
          .where(isOpen)
          .returningAll()
          .executeTakeFirst();
        if (row?.sends === 1) await appendEntry(tx, entry);
        return row && commandOf(row);
      });
    },
    async answer(id, hostId, { status, code, detail, output, cut }, at, entry) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('command')
          .set({
            state: status,
            answered_at: at,
            ...{ code, detail, cut },
            ...sealed.seal('command', { output: output === null ? null : JSON.stringify(output) }),
          })
          .where('id', '=', id)
          .where('host_id', '=', hostId)
          .where('answered_at', 'is', null)
          .returningAll()
          .executeTakeFirst();
        if (row !== undefined) await appendEntry(tx, entry);
        return row && commandOf(row);
      });
    },
    async due(queuedBy, sentBy, limit) {
      const rows = await db
        .selectFrom('command')
        .selectAll()
        .where((row) =>
          row.or([
            row.and([row('state', '=', 'queued'), row('expires_at', '<=', queuedBy)]),
            row.and([row('state', '=', 'sent'), row('expires_at', '<=', sentBy)]),
          ]),
        )
        .where(isOpen)
        .orderBy('expires_at')
        .limit(limit)
        .execute();
      return rows.map(commandOf);
    },
    async expire(id, detail, entry) {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('command')
          .set({ state: 'expired', code: 'command.expired', detail })
          .where('id', '=', id)
          .where(isOpen)
          .returningAll()
          .executeTakeFirst();
        if (row !== undefined) await appendEntry(tx, entry);
        return row && commandOf(row);
      });
    },
    async prune(before, limit) {
      const gone = await db
        .deleteFrom('command')
        .where('id', 'in', (rows) =>
          rows
            .selectFrom('command')
            .select('id')
            .where('issued_at', '<', before)
            .where('state', 'not in', ['queued', 'sent'])
            .limit(limit),
        )
        .executeTakeFirst();
      return Number(gone.numDeletedRows);
    },
  };
}
