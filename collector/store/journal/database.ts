import Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import { keepLog, settleLog } from '../failed-sync.ts';

/** 2 adds the manifest of segments, 3 what each is encrypted under. */
const schemaVersion = 3;
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
CREATE INDEX IF NOT EXISTS batch_host_time ON batch (host, max_time);
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
CREATE INDEX IF NOT EXISTS stream_owner ON stream (stream);
CREATE TABLE IF NOT EXISTS total (batches INTEGER NOT NULL, events INTEGER NOT NULL, size INTEGER NOT NULL);
INSERT INTO total SELECT 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TABLE IF NOT EXISTS sealed (
  host TEXT NOT NULL,
  stream TEXT NOT NULL,
  batches INTEGER NOT NULL,
  PRIMARY KEY (host, stream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segment (
  id INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  day INTEGER NOT NULL,
  path TEXT NOT NULL UNIQUE,
  rows INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL,
  sealed_at INTEGER NOT NULL,
  key TEXT
);
CREATE INDEX IF NOT EXISTS segment_place ON segment (type, day);
CREATE INDEX IF NOT EXISTS segment_time ON segment (max_time);
CREATE TABLE IF NOT EXISTS garbage (path TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
`;

function openFailure(path: string, error: unknown): VedetteError {
  const { code, message } = error as { code?: string; message: string };
  const isDamage = code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
  return new VedetteError(isDamage ? 'data.corrupt' : 'data.unreadable', `${path}: ${message}.`, {
    cause: error,
  });
}

function hasColumn(db: Database.Database, table: string, column: string): boolean {
  return (db.pragma(`table_info(${table})`) as { name: string }[]).some(({ name }) => name === column);
}

/** Opens the journal's database, making or checking its schema. Throws `data.*`. */
export function openDatabase(path: string, readonly: boolean): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly, timeout: 10_000 });
    if (!readonly) {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      keepLog(db);
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
      if (version > 0 && version < 3 && !hasColumn(db, 'segment', 'key'))
        db.exec('ALTER TABLE segment ADD COLUMN key TEXT');
      settleLog(db);
      db.pragma(`user_version = ${schemaVersion}`);
    }
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof VedetteError ? error : openFailure(path, error);
  }
}

/** Sums of counts by name. */
export function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [reason, n] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + n;
  return sum;
}
