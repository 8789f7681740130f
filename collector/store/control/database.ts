/** One SQLite connection behind Kysely: immediate transactions, kept statements, errors of the catalogue. */
import { closeSync, openSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import {
  checkpointLog,
  failedSync,
  isFailedSync,
  keepLog,
  type OnFailedSync,
  settleLog,
  throwFailedSync,
} from '../failed-sync.ts';
import type { Tables } from './tables.ts';

/** How long a statement waits for another thread's or process's transaction. */
const busyLimitMs = 5_000;
/** How much of that it waits inside SQLite, where it blocks this thread; the rest it waits on the event loop. */
const blockingWaitMs = 10;
/** Files up to this size are checked for damage when opened; in larger ones damage shows when it is read. */
const checkedSizeBytes = 64 * 1024 * 1024;
const keptStatements = 128;
const checkpointLookMs = 1000;

const codeBySqlite: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['SQLITE_NOTADB', 'data.corrupt'],
  ['SQLITE_CORRUPT', 'data.corrupt'],
  ['SQLITE_CANTOPEN', 'data.unreadable'],
  ['SQLITE_READONLY', 'data.unreadable'],
  ['SQLITE_IOERR', 'data.unreadable'],
  ['SQLITE_FULL', 'data.unreadable'],
  ['SQLITE_PERM', 'data.unreadable'],
  ['SQLITE_AUTH', 'data.unreadable'],
  ['SQLITE_BUSY', 'data.in_use'],
  ['SQLITE_LOCKED', 'data.in_use'],
];

/** The error of the catalogue for what SQLite or the file system reports; anything else is a defect and stays as it is. */
function translate(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  const known = codeBySqlite.find(([prefix]) => code.startsWith(prefix));
  if (known === undefined && !('syscall' in error)) return error;
  return new VedetteError(known?.[1] ?? 'data.unreadable', `${path}: ${error.message}.`, { cause: error });
}

type Translating = <T>(act: () => T) => T;

function translatingFor(path: string, onFailedSync: OnFailedSync): Translating {
  return (act) => {
    try {
      return act();
    } catch (error) {
      if (isFailedSync(error)) onFailedSync(failedSync(path, error as Error));
      throw translate(error, path);
    }
  };
}

/** What fails now, a database that is busy or full, is tried again at the next look. */
function tolerate(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof VedetteError)) throw error;
  }
}

/** Prepared statements are kept: preparing costs more than most of these statements do. */
function withKeptStatements(raw: Database.Database, translating: Translating): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const statement = raw.prepare(text);
    const wrapped: SqliteStatement = {
      reader: statement.reader,
      all: (parameters) => translating(() => statement.all(...parameters)),
      run: (parameters) => translating(() => statement.run(...parameters)),
      iterate: (parameters) => statement.iterate(...parameters),
    };
    // SQLite acts on some pragmas when they are prepared, so one that is kept would do nothing the next time.
    if (/^\s*pragma/i.test(text)) return wrapped;
    const oldest = kept.keys().next();
    if (kept.size >= keptStatements && !oldest.done) kept.delete(oldest.value);
    kept.set(text, wrapped);
    return wrapped;
  };
  // Not after each commit: it may be another connection that writes.
  const checkpoint = () => translating(() => checkpointLog(raw));
  const checking = setInterval(() => tolerate(checkpoint), checkpointLookMs).unref();
  const close = () => {
    clearInterval(checking);
    raw.close();
  };
  return { prepare: (text) => translating(() => prepare(text)), close };
}

/**
 * Waits for a busy database without blocking the thread. SQLite's own wait would, and where two connections of one
 * thread meet it would wait for itself.
 */
class PatientConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;

  constructor(inner: DatabaseConnection) {
    this.#inner = inner;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = performance.now() + busyLimitMs;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      try {
        return await this.#inner.executeQuery<R>(query);
      } catch (error) {
        const busy = error instanceof VedetteError && error.code === 'data.in_use';
        if (!busy || performance.now() > deadline) throw error;
      }
      await setTimeout(waitMs);
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunkSize);
  }
}

/** Takes the write lock at the start, so that a transaction that reads and then writes never fails half way. */
class ImmediateDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection());
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#config);
  }
}

function openRaw(path: string, durable: boolean): Database.Database {
  // Made here so that nobody else may read it; SQLite gives its side files the same mode.
  closeSync(openSync(path, 'a', 0o600));
  const raw = new Database(path, { timeout: busyLimitMs });
  try {
    raw.pragma('journal_mode = WAL');
    raw.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
    raw.pragma('foreign_keys = ON');
    raw.pragma('trusted_schema = OFF');
    if (statSync(path).size <= checkedSizeBytes) {
      const finding = raw.pragma('quick_check(1)', { simple: true });
      if (finding !== 'ok') throw new VedetteError('data.corrupt', `${path}: ${String(finding)}.`);
    }
    keepLog(raw);
    settleLog(raw);
    raw.pragma(`busy_timeout = ${blockingWaitMs}`);
    return raw;
  } catch (error) {
    raw.close();
    throw error;
  }
}

/**
 * Opens or creates the file. `durable` waits for the disk at every commit (`synchronous = FULL`); else a power cut
 * may undo the last commits, but never damages the file. Throws `data.corrupt`, `data.unreadable`, `data.in_use`.
 */
export function openDatabase(
  path: string,
  durable: boolean,
  onFailedSync: OnFailedSync = throwFailedSync,
): Kysely<Tables> {
  const translating = translatingFor(path, onFailedSync);
  const raw = translating(() => openRaw(path, durable));
  return new Kysely<Tables>({
    dialect: new ImmediateDialect({ database: withKeptStatements(raw, translating) }),
  });
}
