import { closeSync, openSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { maxLifeMs } from '#shared/commands/spec.ts';
import { VedetteError } from '#shared/errors.ts';
import { type AgentFrame, decodeAgentFrame, encodeFrame } from '#shared/protocol/frames.ts';

export type ResultFrame = AgentFrame & { readonly kind: 'result' };

/** Most ids remembered. Beyond it no command begins until some are old enough to be forgotten. */
const maxRows = 4096;
/** Most results that wait to be settled; each may hold the whole of an output. */
export const maxUnsettledRows = 64;
/** How long after its expiry a command is forgotten, by the collector's clock. */
const keepUs = maxLifeMs * 1000;

const schemaVersion = 1;
/** `result` is the frame, null from the begin of a command to its end. `mark` has one row. */
const schema = `
CREATE TABLE IF NOT EXISTS command (
  id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  result BLOB,
  settled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS mark (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  forgotten_until INTEGER NOT NULL,
  unknown_before INTEGER NOT NULL
);
INSERT OR IGNORE INTO mark (id, forgotten_until, unknown_before) VALUES (1, 0, 0);
`;

const statements = {
  get: 'SELECT result FROM command WHERE id = ?',
  begin: 'INSERT INTO command (id, expires_at) VALUES (?, ?)',
  answer: `INSERT INTO command (id, expires_at, result) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET result = excluded.result`,
  settle: 'UPDATE command SET settled = 1, result = ? WHERE id = ?',
  unsettled: 'SELECT result FROM command WHERE settled = 0 AND result IS NOT NULL ORDER BY rowid LIMIT ?',
  begun: 'SELECT id, expires_at FROM command WHERE result IS NULL',
  counts: 'SELECT count(*) AS total, coalesce(sum(settled = 0), 0) AS unsettled FROM command',
  forget: 'DELETE FROM command WHERE expires_at < ? RETURNING expires_at',
  marks: 'SELECT forgotten_until, unknown_before FROM mark',
  forgotten: 'UPDATE mark SET forgotten_until = max(forgotten_until, ?)',
  unknown: 'UPDATE mark SET unknown_before = ?',
} as const;
type Statements = Readonly<Record<keyof typeof statements, Database.Statement>>;

function open(path: string): Database.Database {
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    // A begin is on the disk before anything runs, so that not even a power cut lets it run twice.
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -128');
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > schemaVersion) {
      throw new VedetteError('data.schema_newer', `${path} has schema ${version}.`);
    }
    db.exec(schema);
    db.pragma(`user_version = ${schemaVersion}`);
    const finding = db.pragma('quick_check(1)', { simple: true });
    if (finding !== 'ok') throw new VedetteError('data.corrupt', `${path}: ${String(finding)}.`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'SQLITE_NOTADB' || code === 'data.corrupt' || code?.startsWith('SQLITE_CORRUPT') === true;
}

function setAside(path: string): void {
  const to = `${path}.corrupt-${Date.now()}`;
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(path + suffix, to + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/**
 * Which commands this agent has begun, and how those ended that the collector has not settled: what makes a command
 * run at most once whatever ends either side. Instants are the collector's, in microseconds. Methods throw what SQLite
 * throws when the disk refuses; then nothing was begun.
 */
export class CommandLedger {
  readonly #db: Database.Database;
  readonly #do: Statements;
  /** A damaged ledger was set aside, so what it knew is gone. */
  readonly wasDamaged: boolean;

  private constructor(db: Database.Database, wasDamaged: boolean) {
    this.#db = db;
    this.#do = Object.fromEntries(
      Object.entries(statements).map(([name, text]) => [name, db.prepare(text)]),
    ) as unknown as Statements;
    this.wasDamaged = wasDamaged;
  }

  static open(path: string): CommandLedger {
    try {
      return new CommandLedger(open(path), false);
    } catch (error) {
      if (!isDamage(error)) throw error;
      setAside(path);
      return new CommandLedger(open(path), true);
    }
  }

  /** Commands that expire up to here may have been forgotten; those issued before `unknownBefore` lost. Neither may run. */
  get marks(): { readonly forgottenUntil: number; readonly unknownBefore: number } {
    const row = this.#do.marks.get() as { forgotten_until: number; unknown_before: number };
    return { forgottenUntil: row.forgotten_until, unknownBefore: row.unknown_before };
  }

  /** What is known of a command: undefined when it is new, `begun`, or its result. */
  get(id: string): ResultFrame | 'begun' | undefined {
    const row = this.#do.get.get(id) as { result: Buffer | null } | undefined;
    if (row === undefined) return undefined;
    return row.result === null ? 'begun' : resultOf(row.result);
  }

  /** Whether one more command can be remembered; forgets at `now` what is old enough. */
  hasRoom(now: number): boolean {
    this.#forget(now);
    const { total, unsettled } = this.#do.counts.get() as { total: number; unsettled: number };
    return total < maxRows && unsettled < maxUnsettledRows;
  }

  /** Remembers, durably, that a new command is about to run. */
  begin(id: string, expiresAt: number): void {
    this.#do.begin.run(id, expiresAt);
  }

  /** Keeps how a command ended until it is settled. */
  answer(result: ResultFrame, expiresAt: number): void {
    this.#do.answer.run(result.id, expiresAt, encodeFrame(result));
  }

  /** The collector has the result: its output goes, the id and how it ended stay. */
  settle(id: string): void {
    const known = this.get(id);
    if (known === undefined || known === 'begun') return;
    const output = new Uint8Array(0);
    this.#do.settle.run(encodeFrame({ ...known, output, cut: 0 }), id);
  }

  /** Results that wait to be settled, oldest first. */
  unsettled(limit: number): readonly ResultFrame[] {
    return (this.#do.unsettled.all(limit) as { result: Buffer }[]).map((row) => resultOf(row.result));
  }

  /** Commands without an end. After a start: those that were running when the agent ended. */
  begun(): readonly { readonly id: string; readonly expiresAt: number }[] {
    const rows = this.#do.begun.all() as { id: string; expires_at: number }[];
    return rows.map((row) => ({ id: row.id, expiresAt: row.expires_at }));
  }

  /** Whatever was issued before `at` may have run, as far as this ledger can tell. */
  setUnknownBefore(at: number): void {
    this.#do.unknown.run(at);
  }

  #forget(now: number): void {
    this.#db
      .transaction(() => {
        const gone = this.#do.forget.all(now - keepUs) as { expires_at: number }[];
        if (gone.length > 0) this.#do.forgotten.run(Math.max(...gone.map((row) => row.expires_at)));
      })
      .immediate();
  }

  close(): void {
    this.#db.close();
  }
}

function resultOf(bytes: Buffer): ResultFrame {
  const decoded = decodeAgentFrame(bytes);
  if (!decoded.ok || decoded.value.kind !== 'result')
    throw new VedetteError('data.corrupt', 'A result in the ledger of commands cannot be read.');
  return decoded.value;
}
