import { renameSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import { marksSchema } from './acknowledged-marks.ts';

const schemaVersion = 1;
/** `rank` 0 goes first and is shed last. Rows of one stream are in order of their rowid, whatever the clock does. */
const schema = `
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  events INTEGER NOT NULL,
  counts TEXT NOT NULL,
  collected INTEGER NOT NULL,
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  given_up INTEGER NOT NULL DEFAULT 0,
  data BLOB NOT NULL,
  UNIQUE (stream, sequence)
);
CREATE INDEX IF NOT EXISTS batch_rank ON batch (rank, id);
`;
const incremental = 2;
/** A database of before it gave room back is rewritten so that it does, unless that would take long. */
const rewriteMaxBytes = 64 * 1024 ** 2;

/** A row of `batch`. */
export interface BatchRow {
  readonly id: number;
  readonly stream: string;
  readonly sequence: number;
  readonly rank: number;
  readonly events: number;
  readonly counts: string;
  readonly collected: number;
  readonly min_time: number;
  readonly max_time: number;
  readonly created_ms: number;
  readonly given_up: number;
  readonly data: Buffer;
}

function openOrThrow(path: string, syncsEach: boolean): Database.Database {
  const db = new Database(path);
  try {
    // Only before the first table, or with a rewrite.
    if (db.pragma('auto_vacuum', { simple: true }) !== incremental) {
      db.pragma(`auto_vacuum = ${incremental}`);
      if (statSync(path).size <= rewriteMaxBytes) db.exec('VACUUM');
    }
    db.pragma('journal_mode = WAL');
    // With NORMAL a commit reaches the operating system at once and the disk at the next checkpoint: killing the
    // process loses nothing, a power cut at most what `sync` has not yet flushed. With FULL not even that.
    db.pragma(`synchronous = ${syncsEach ? 'FULL' : 'NORMAL'}`);
    db.pragma('cache_size = -1024');
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > schemaVersion) {
      throw new VedetteError(
        'data.schema_newer',
        `${path} has schema ${version}, this agent knows ${schemaVersion}.`,
      );
    }
    db.exec(schema + marksSchema);
    db.pragma(`user_version = ${schemaVersion}`);
    // Goes through the whole table, so that damage shows here, where it can be set aside.
    db.prepare('SELECT sum(length(data)) FROM batch').get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the outbox at `path`. Throws `data.schema_newer`, `data.unreadable`, and SQLite's own error for damage. */
export function openOutboxFile(path: string, syncsEach: boolean): Database.Database {
  try {
    return openOrThrow(path, syncsEach);
  } catch (error) {
    if (error instanceof VedetteError || isDamage(error)) throw error;
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/** True for the errors by which SQLite tells that a file is not, or no longer, a sound database. */
export function isDamage(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
}

/** Moves a damaged database away; gives its new path. */
export function setAside(path: string): string {
  const to = `${path}.corrupt-${Date.now()}`;
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(path + suffix, to + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return to;
}
