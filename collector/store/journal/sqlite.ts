import Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import type {
  AppendOutcome,
  BatchFilter,
  BatchRecord,
  JournalBatch,
  JournalReader,
  JournalWriter,
  StreamLedger,
} from './contract.ts';

const schemaVersion = 1;
const schema = `
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  collected INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  lost TEXT NOT NULL,
  counts TEXT NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (host, stream, sequence)
);
CREATE INDEX IF NOT EXISTS batch_time ON batch (max_time);
CREATE INDEX IF NOT EXISTS batch_received ON batch (received_at);
CREATE TABLE IF NOT EXISTS stream (
  host TEXT NOT NULL,
  stream TEXT NOT NULL,
  mark INTEGER NOT NULL,
  collected INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  lost TEXT NOT NULL,
  repeats INTEGER NOT NULL,
  PRIMARY KEY (host, stream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS total (batches INTEGER NOT NULL, events INTEGER NOT NULL, size INTEGER NOT NULL);
INSERT INTO total SELECT 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total);
`;

function openFailure(path: string, error: unknown): VedetteError {
  const { code, message } = error as { code?: string; message: string };
  const isDamage = code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
  return new VedetteError(isDamage ? 'data.corrupt' : 'data.unreadable', `${path}: ${message}.`, {
    cause: error,
  });
}

function open(path: string, readonly: boolean): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly, timeout: 10_000 });
    if (!readonly) {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('journal_size_limit = 67108864');
    }
    db.pragma('mmap_size = 268435456');
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > schemaVersion) {
      throw new VedetteError(
        'data.schema_newer',
        `${path} has schema ${version}; this version knows ${schemaVersion}.`,
      );
    }
    if (!readonly) {
      db.exec(schema);
      db.pragma(`user_version = ${schemaVersion}`);
    }
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof VedetteError ? error : openFailure(path, error);
  }
}

function addLost(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [reason, n] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + n;
  return sum;
}

const writes = {
  getStream: 'SELECT mark, collected, stored, lost, repeats FROM stream WHERE host = ? AND stream = ?',
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
}

/** Opens the journal at `path` for the one process that writes it. Throws `data.*`. */
export function openJournalWriter(path: string): JournalWriter {
  const db = open(path, false);
  const prepared = Object.entries(writes).map(([name, sql]) => [name, db.prepare(sql)]);
  const sql = Object.fromEntries(prepared) as Record<keyof typeof writes, Database.Statement>;

  const load = (host: string, stream: string): StreamRow => {
    const row = sql.getStream.get(host, stream) as (Omit<StreamRow, 'lost'> & { lost: string }) | undefined;
    if (row === undefined) return { mark: 0, collected: 0, stored: 0, lost: {}, repeats: 0 };
    return { ...row, lost: JSON.parse(row.lost) as Record<string, number> };
  };
  const insert = (b: BatchRecord): number => {
    const { hostId, stream, sequence, collected, stored, minTime, maxTime, receivedAt, data } = b;
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
  const appendOne = (b: BatchRecord, s: StreamRow): AppendOutcome => {
    if (b.sequence <= s.mark) {
      s.repeats++;
      return { status: 'repeat' };
    }
    if (b.sequence > s.mark + 1) return { status: 'gap', mark: s.mark };
    s.mark = b.sequence;
    s.collected = b.collected;
    s.stored += b.stored;
    s.lost = addLost(s.lost, b.lost);
    return { status: 'stored', id: insert(b) };
  };
  const appendAll = db.transaction((batches: readonly BatchRecord[]): AppendOutcome[] => {
    const streams = new Map<string, { host: string; stream: string; row: StreamRow }>();
    const total = { batches: 0, events: 0, size: 0 };
    const outcomes = batches.map((b) => {
      const key = `${b.hostId}:${b.stream}`;
      let entry = streams.get(key);
      if (entry === undefined) {
        entry = { host: b.hostId, stream: b.stream, row: load(b.hostId, b.stream) };
        streams.set(key, entry);
      }
      const outcome = appendOne(b, entry.row);
      if (outcome.status === 'stored') {
        total.batches++;
        total.events += b.stored;
        total.size += b.data.length;
      }
      return outcome;
    });
    for (const { host, stream, row } of streams.values()) {
      sql.putStream.run(
        host,
        stream,
        row.mark,
        row.collected,
        row.stored,
        JSON.stringify(row.lost),
        row.repeats,
      );
    }
    if (total.batches > 0) sql.total.run(total.batches, total.events, total.size);
    return outcomes;
  });

  return {
    async append(batches) {
      try {
        return appendAll.immediate(batches);
      } catch (error) {
        throw new VedetteError('wire.store_failed', `${path}: ${(error as Error).message}.`, {
          cause: error,
        });
      }
    },
    async close() {
      db.close();
    },
  };
}

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

function toBatch(row: BatchRow): JournalBatch {
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
    data,
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

/** Opens the journal at `path` for reading beside its writer; it must exist. Throws `data.*`. */
export function openJournalReader(path: string): JournalReader {
  const db = open(path, true);
  const rows = (sql: string, ...values: (string | number)[]) =>
    (db.prepare(sql).all(...values) as BatchRow[]).map(toBatch);
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
    async find(hostId, stream, sequence) {
      return rows(
        'SELECT * FROM batch WHERE host = ? AND stream = ? AND sequence = ?',
        hostId,
        stream,
        sequence,
      )[0];
    },
    async lastId() {
      return (db.prepare('SELECT coalesce(max(id), 0) AS id FROM batch').get() as { id: number }).id;
    },
    async firstIdSince(since) {
      const row = db.prepare('SELECT min(id) AS id FROM batch WHERE max_time >= ?').get(since) as {
        id: number | null;
      };
      return row.id ?? undefined;
    },
    async ledger() {
      const counted = `SELECT s.*, (SELECT count(*) FROM batch b WHERE b.host = s.host AND b.stream = s.stream) AS batches
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
    async totals() {
      const t = db.prepare('SELECT batches, events, size FROM total').get() as {
        batches: number;
        events: number;
        size: number;
      };
      return { batches: t.batches, events: t.events, sizeBytes: t.size };
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
          addLost(seconds.get(second) ?? {}, JSON.parse(row.counts) as Record<string, number>),
        );
      }
      return [...seconds].map(([second, counts]) => ({ second, counts })).sort((a, b) => a.second - b.second);
    },
    async close() {
      db.close();
    },
  };
}
