import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import type { StreamMark } from '#shared/protocol/frames.ts';
import { type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { seal } from '../../encryption/sealed.ts';
import {
  checkpointLog,
  failedSync,
  isFailedSync,
  type OnFailedSync,
  throwFailedSync,
} from '../failed-sync.ts';
import {
  type AppendOutcome,
  type BatchRecord,
  type JournalLack,
  type JournalWriter,
  notInJournal,
} from './contract.ts';
import { addCounts, openDatabase } from './database.ts';
import { placeOf } from './place.ts';

const writes = {
  getStream: 'SELECT mark, collected, stored, lost, repeats FROM stream WHERE host = ? AND stream = ?',
  isOfAnother: 'SELECT 1 FROM stream WHERE stream = ? AND host <> ? AND mark > 0 LIMIT 1',
  putStream: `INSERT OR REPLACE INTO stream (host, stream, mark, collected, stored, lost, repeats)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  insert: `INSERT INTO batch (host, stream, sequence, collected, stored, lost, counts, min_time, max_time, received_at, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  total: 'UPDATE total SET batches = batches + ?, events = events + ?, size = size + ?',
} as const;

interface StreamRow {
  mark: number;
  collected: number;
  stored: number;
  lost: Record<string, number>;
  repeats: number;
  /** Another host has batches on this stream. */
  isForeign?: true;
}

interface Totals {
  batches: number;
  events: number;
  size: number;
}

/** Opens the journal at `path` for the one process that writes it. Throws `data.*`. */
export function openJournalWriter(
  path: string,
  onFailedSync: OnFailedSync = throwFailedSync,
  ring: KeyRing = noKeyRing,
): JournalWriter {
  const db = openDatabase(path, false);
  const prepared = Object.entries(writes).map(([name, sql]) => [name, db.prepare(sql)]);
  const sql = Object.fromEntries(prepared) as Record<keyof typeof writes, Database.Statement>;

  const load = (host: string, stream: string): StreamRow => {
    const row = sql.getStream.get(host, stream) as (Omit<StreamRow, 'lost'> & { lost: string }) | undefined;
    const known =
      row === undefined
        ? { mark: 0, collected: 0, stored: 0, lost: {}, repeats: 0 }
        : { ...row, lost: JSON.parse(row.lost) as Record<string, number> };
    const isForeign = known.mark === 0 && sql.isOfAnother.get(stream, host) !== undefined;
    return isForeign ? { ...known, isForeign } : known;
  };
  const put = (host: string, stream: string, row: StreamRow): void => {
    const { mark, collected, stored, repeats } = row;
    sql.putStream.run(host, stream, mark, collected, stored, JSON.stringify(row.lost), repeats);
  };
  const insert = (b: BatchRecord, data: Uint8Array): number => {
    const { hostId, stream, sequence, collected, stored, minTime, maxTime, receivedAt } = b;
    const lost = JSON.stringify(b.lost);
    const counts = JSON.stringify(b.counts);
    const done = sql.insert.run(
      hostId,
      stream,
      sequence,
      collected,
      stored,
      lost,
      counts,
      minTime,
      maxTime,
      receivedAt,
      data,
    );
    return Number(done.lastInsertRowid);
  };
  const appendOne = (b: BatchRecord, s: StreamRow, total: Totals): AppendOutcome => {
    if (s.isForeign) return { status: 'foreign' };
    if (b.sequence <= s.mark) {
      s.repeats++;
      return { status: 'repeat' };
    }
    if (b.sequence > s.mark + 1) return { status: 'gap', mark: s.mark };
    s.mark = b.sequence;
    s.collected = b.collected;
    s.stored += b.stored;
    s.lost = addCounts(s.lost, b.lost);
    const data = seal(b.data, ring.current, placeOf(b.hostId, b.stream, b.sequence));
    total.batches++;
    total.events += b.stored;
    total.size += data.length;
    return { status: 'stored', id: insert(b, data) };
  };
  const appendAll = db.transaction((batches: readonly BatchRecord[]): AppendOutcome[] => {
    const streams = new Map<string, { host: string; stream: string; row: StreamRow }>();
    const total: Totals = { batches: 0, events: 0, size: 0 };
    const outcomes = batches.map((b) => {
      const key = `${b.hostId}:${b.stream}`;
      let entry = streams.get(key);
      if (entry === undefined) {
        entry = { host: b.hostId, stream: b.stream, row: load(b.hostId, b.stream) };
        streams.set(key, entry);
      }
      return appendOne(b, entry.row, total);
    });
    for (const { host, stream, row } of streams.values()) if (!row.isForeign) put(host, stream, row);
    if (total.batches > 0) sql.total.run(total.batches, total.events, total.size);
    return outcomes;
  });

  const settleOne = (host: string, [stream, sequence, collected]: StreamMark): JournalLack => {
    const row = load(host, stream);
    const lost = Math.max(0, collected - row.collected);
    row.mark = sequence;
    row.collected += lost;
    row.lost = addCounts(row.lost, { [notInJournal]: lost });
    put(host, stream, row);
    return { stream, lost };
  };
  const settleAll = db.transaction((host: string, marks: readonly StreamMark[]) =>
    marks.map((mark) => settleOne(host, mark)),
  );
  const orRefused = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (isFailedSync(error)) onFailedSync(failedSync(path, error as Error));
      throw new VedetteError('wire.store_failed', `${path}: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  };

  return {
    append: async (batches) =>
      orRefused(() => {
        const outcomes = appendAll.immediate(batches);
        checkpointLog(db);
        return outcomes;
      }),
    async settle(hostId, marks) {
      // This thread is the only writer, so what is behind now is behind in the transaction. Mostly nothing is.
      const last = new Map(marks.map((mark) => [mark[0], mark]));
      return orRefused(() => {
        const behind = [...last.values()].filter(
          ([stream, sequence]) => sequence > load(hostId, stream).mark,
        );
        return behind.length === 0 ? [] : settleAll.immediate(hostId, behind);
      });
    },
    async close() {
      db.close();
    },
  };
}
