import { dirname, join } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { nowUs } from '#shared/clock.ts';
import { type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { unseal } from '../../encryption/sealed.ts';
import { SegmentHistory } from '../scan/segment-history.ts';
import { Manifest } from '../segments/manifest.ts';
import { outdatedOf } from '../segments/retention.ts';
import { storageStatus } from '../segments/room.ts';
import type {
  BatchFilter,
  BatchPlace,
  JournalBatch,
  JournalReader,
  ListedBatch,
  PlacedBatch,
  Span,
  StreamLedger,
} from './contract.ts';
import { addCounts, openDatabase } from './database.ts';
import { placeOf } from './place.ts';

interface BatchRow {
  id: number;
  host: string;
  stream: string;
  sequence: number;
  collected: number;
  stored: number;
  lost: string;
  counts: string;
  min_time: number;
  max_time: number;
  received_at: number;
  data: Buffer;
}

function toBatch(row: BatchRow, ring: KeyRing): JournalBatch {
  const { id, stream, sequence, collected, stored, data } = row;
  return {
    id,
    hostId: row.host,
    stream,
    sequence,
    collected,
    stored,
    lost: JSON.parse(row.lost) as Record<string, number>,
    counts: JSON.parse(row.counts) as Record<string, number>,
    minTime: row.min_time,
    maxTime: row.max_time,
    receivedAt: row.received_at,
    data: unseal(data, ring, placeOf(row.host, stream, sequence)),
  };
}

/** The filter as SQL with its parameters; it may let through batches that hold nothing of the kind asked for, never the reverse. */
function conditions(filter: BatchFilter): { sql: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...of: (string | number)[]) => {
    parts.push(sql);
    values.push(...of);
  };
  if (filter.hostId !== undefined) add('host = ?', filter.hostId);
  if (filter.since !== undefined) add('max_time >= ?', filter.since);
  if (filter.until !== undefined) add('min_time <= ?', filter.until);
  if (filter.types !== undefined && filter.types.length > 0) {
    const any = filter.types.map(() => 'instr(counts, ?) > 0').join(' OR ');
    add(`(${any})`, ...filter.types.map((type) => `"${type}"`));
  }
  return { sql: parts.map((p) => ` AND ${p}`).join(''), values };
}

/**
 * Opens the journal at `path` for reading beside its writer; it must exist. Segments are in the folder beside it unless
 * told otherwise. Throws `data.*`.
 */
export function openJournalReader(
  path: string,
  ring: KeyRing = noKeyRing,
  history: SegmentHistory = new SegmentHistory(join(dirname(path), 'segments'), ring),
): JournalReader {
  const db = openDatabase(path, true);
  const dataOf = db.prepare('SELECT data FROM batch WHERE id = ?').pluck();
  const rows = (sql: string, ...values: (string | number)[]) =>
    (db.prepare(sql).all(...values) as BatchRow[]).map((row) => toBatch(row, ring));
  // The last one kept: a search asks the same for each of its pages.
  let kept: { readonly sql: string; readonly statement: Statement } | undefined;
  const listing = (sql: string): Statement => {
    if (kept?.sql !== sql) {
      const statement = db.prepare(
        `SELECT id, host, stream, sequence, max_time FROM batch WHERE (max_time, id) < (?, ?)${sql}
        ORDER BY max_time DESC, id DESC LIMIT ?`,
      );
      kept = { sql, statement };
    }
    return kept.statement;
  };
  // One look at the journal, so that none is sealed between being listed and being read.
  const placed = db.transaction(
    (
      before: BatchPlace | undefined,
      limit: number,
      filter: BatchFilter,
      isHeld: (batch: ListedBatch) => boolean,
    ): PlacedBatch[] => {
      const where = conditions(filter);
      const listed = listing(where.sql).all(
        before?.maxTime ?? Number.MAX_SAFE_INTEGER,
        before?.id ?? 0,
        ...where.values,
        limit,
      ) as BatchRow[];
      return listed.map(({ id, host, stream, sequence, max_time: maxTime }) => {
        const batch = { id, hostId: host, stream, sequence, maxTime };
        if (isHeld(batch)) return { ...batch, data: undefined };
        const data = unseal(dataOf.get(id) as Buffer, ring, placeOf(host, stream, sequence));
        return { ...batch, data };
      });
    },
  );
  return {
    async forward(after, limit, filter = {}) {
      const where = conditions(filter);
      return rows(
        `SELECT * FROM batch WHERE id > ?${where.sql} ORDER BY id LIMIT ?`,
        after,
        ...where.values,
        limit,
      );
    },
    async backward(before, limit, filter = {}) {
      const where = conditions(filter);
      return rows(
        `SELECT * FROM batch WHERE id < ?${where.sql} ORDER BY id DESC LIMIT ?`,
        before,
        ...where.values,
        limit,
      );
    },
    newestFirst: async (before, limit, filter, isHeld) => placed(before, limit, filter, isHeld),
    async find(hostId, stream, sequence) {
      return rows(
        'SELECT * FROM batch WHERE host = ? AND stream = ? AND sequence = ?',
        hostId,
        stream,
        sequence,
      )[0];
    },
    sealed: (needs) => history.batches(new Manifest(db).list(), needs),
    async atOneMoment(work) {
      db.exec('BEGIN');
      try {
        return await work();
      } finally {
        db.exec('COMMIT');
      }
    },
    async sealedSpan() {
      const sql = 'SELECT min(min_time) AS minTime, max(max_time) AS maxTime FROM segment';
      const span = db.prepare(sql).get() as { minTime: number | null; maxTime: number | null };
      return span.minTime === null ? undefined : (span as Span);
    },
    async lastId() {
      return (db.prepare('SELECT coalesce(max(id), 0) AS id FROM batch').get() as { id: number }).id;
    },
    async firstId() {
      const row = db.prepare('SELECT min(id) AS id FROM batch').get() as { id: number | null };
      return row.id ?? undefined;
    },
    async firstIdSince(since) {
      const row = db.prepare('SELECT min(id) AS id FROM batch WHERE max_time >= ?').get(since) as {
        id: number | null;
      };
      return row.id ?? undefined;
    },
    async ledger() {
      const counted = `SELECT s.*, (SELECT count(*) FROM batch b WHERE b.host = s.host AND b.stream = s.stream)
          + coalesce((SELECT d.batches FROM sealed d WHERE d.host = s.host AND d.stream = s.stream), 0) AS batches
        FROM stream s`;
      const all = db.prepare(counted).all() as (Omit<StreamLedger, 'hostId' | 'lost'> & {
        host: string;
        lost: string;
      })[];
      return all.map(({ host, lost, ...rest }) => ({
        ...rest,
        hostId: host,
        lost: JSON.parse(lost) as Record<string, number>,
      }));
    },
    async eventsAfter(after) {
      const sql = 'SELECT host, sum(stored) AS events FROM batch WHERE id > ? GROUP BY host';
      const rows = db.prepare(sql).all(after) as { host: string; events: number }[];
      return Object.fromEntries(rows.map(({ host, events }) => [host, events]));
    },
    async totals() {
      const t = db.prepare('SELECT batches, events, size FROM total').get() as {
        batches: number;
        events: number;
        size: number;
      };
      return { batches: t.batches, events: t.events, sizeBytes: t.size };
    },
    async storage(folder, retention) {
      return storageStatus(db, folder, retention, nowUs(), ring);
    },
    async outdated(retention) {
      return outdatedOf(new Manifest(db).list(), retention, nowUs());
    },
    async arrivals(since) {
      const seconds = new Map<number, Record<string, number>>();
      const found = db
        .prepare('SELECT received_at, counts FROM batch WHERE received_at >= ? ORDER BY received_at')
        .iterate(since) as IterableIterator<{ received_at: number; counts: string }>;
      for (const row of found) {
        const second = Math.floor(row.received_at / 1e6);
        seconds.set(
          second,
          addCounts(seconds.get(second) ?? {}, JSON.parse(row.counts) as Record<string, number>),
        );
      }
      return [...seconds].map(([second, counts]) => ({ second, counts })).sort((a, b) => a.second - b.second);
    },
    async close() {
      db.close();
    },
  };
}
