import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import type { EncodedBatch } from '#shared/protocol/codec/encode.ts';
import type { StreamMark } from '#shared/protocol/frames.ts';
import type { Priority } from '#shared/schema/spec.ts';
import { type LossReason, lossBatch } from './loss.ts';
import { Marks, marksSchema } from './marks.ts';

export interface OutboxOptions {
  readonly path: string;
  /** The identity that batches are acknowledged to. */
  readonly hostId?: string;
  /** Most bytes of encoded events kept. */
  readonly maxBytes: number;
  /** Longest time an unacknowledged batch is kept. */
  readonly maxAgeMs: number;
}

/** A batch on its way: what a batch frame says, and its place. */
export interface PendingBatch {
  readonly stream: string;
  readonly sequence: number;
  readonly collected: number;
  readonly data: Uint8Array;
}

interface Removed {
  readonly sequence: number;
  readonly collected: number;
  readonly size: number;
  readonly events: number;
}

interface Lane {
  readonly stream: string;
  sequence: number;
  collected: number;
}

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

const statements = {
  insert: `INSERT INTO batch (stream, sequence, rank, events, counts, collected, min_time, max_time, created_ms, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  order: 'SELECT stream, sequence, collected FROM batch ORDER BY rank, id LIMIT ?',
  data: 'SELECT data FROM batch WHERE stream = ? AND sequence = ?',
  remove:
    'DELETE FROM batch WHERE stream = ? AND sequence <= ? RETURNING sequence, collected, length(data) AS size, events',
  whole: 'SELECT * FROM batch WHERE stream = ? AND sequence = ? AND given_up = 0',
  giveUp: 'UPDATE batch SET given_up = 1, events = 0, counts = ?, data = ? WHERE id = ?',
  oldest: 'SELECT min(created_ms) AS at FROM batch WHERE given_up = 0',
  kept: 'SELECT stream, sequence, created_ms FROM batch WHERE given_up = 0 ORDER BY rank DESC, id',
  totals: `SELECT coalesce(sum(length(data)), 0) AS size, coalesce(sum(events), 0) AS events, count(*) AS batches
    FROM batch`,
} as const;
type Statements = Readonly<Record<keyof typeof statements, Database.Statement>>;

interface StoredBatch {
  readonly id: number;
  readonly events: number;
  readonly counts: string;
  readonly min_time: number;
  readonly max_time: number;
  readonly data: Buffer;
}

/** Says whether a batch is on its way and must not be touched. */
export type IsSent = (stream: string, sequence: number) => boolean;

function open(path: string): Database.Database {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    // A commit reaches the operating system at once and the disk at the next checkpoint: killing the process
    // loses nothing, a power cut at most what `sync` has not yet flushed.
    db.pragma('synchronous = NORMAL');
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
    db.prepare(statements.totals).get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Moves a damaged database away; gives its new path. */
function setAside(path: string): string {
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

function isCorrupt(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
}

/**
 * Encoded batches that the collector has not acknowledged, in SQLite. Each run of the agent writes two streams
 * of its own, one a lane, so that a sequence number never means two things even after a power cut. Room is made
 * by replacing the oldest batch of the least priority with a `loss` event under the same sequence.
 */
export class Outbox {
  readonly #db: Database.Database;
  readonly #do: Statements;
  readonly #marks: Marks;
  readonly #remove: (stream: string, mark: number) => Removed[];
  readonly #options: OutboxOptions;
  readonly #lanes: Readonly<Record<Priority, Lane>>;
  #sizeBytes: number;
  #events: number;
  #batches: number;
  #isDirty = false;
  /** Marks of streams whose batches are still to be deleted. */
  readonly #acknowledged = new Map<string, number>();
  /** Where a damaged file of an earlier run was moved, if there was one. */
  readonly setAside: string | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    try {
      this.#db = open(options.path);
    } catch (error) {
      if (error instanceof VedetteError) throw error;
      if (!isCorrupt(error)) {
        throw new VedetteError('data.unreadable', `${options.path}: ${(error as Error).message}.`, {
          cause: error,
        });
      }
      this.setAside = setAside(options.path);
      this.#db = open(options.path);
    }
    const prepared = Object.entries(statements).map(([name, sql]) => [name, this.#db.prepare(sql)]);
    this.#do = Object.fromEntries(prepared) as Statements;
    this.#marks = new Marks(this.#db, options.hostId ?? '');
    this.#remove = this.#db.transaction((stream: string, mark: number) => {
      const done = this.#do.remove.all(stream, mark) as Removed[];
      const last = done.reduce<Removed | undefined>(
        (a, b) => (a && a.sequence > b.sequence ? a : b),
        undefined,
      );
      if (last !== undefined) this.#marks.put(stream, last.sequence, last.collected);
      return done;
    });
    const lane = (): Lane => ({ stream: randomBytes(8).toString('hex'), sequence: 0, collected: 0 });
    this.#lanes = { high: lane(), normal: lane() };
    const totals = this.#do.totals.get() as { size: number; events: number; batches: number };
    this.#sizeBytes = totals.size;
    this.#events = totals.events;
    this.#batches = totals.batches;
  }

  /** Batches not yet deleted, given-up ones among them. */
  get batches(): number {
    return this.#batches;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Events not yet acknowledged; `loss` events and given-up ones are not counted. */
  get events(): number {
    return this.#events;
  }

  /**
   * Keeps a batch; on return it survives the end of the process. `collected` is how many events it accounts for:
   * those it holds plus those its own `loss` events declare. Throws when the disk refuses; then nothing is kept.
   */
  append(priority: Priority, batch: EncodedBatch, collected: number): void {
    const lane = this.#lanes[priority];
    const rank = priority === 'high' ? 0 : 1;
    const events = batch.count - (batch.counts['loss'] ?? 0);
    const counts = JSON.stringify(batch.counts);
    const { minTime, maxTime, data } = batch;
    const total = lane.collected + collected;
    this.#do.insert.run(
      lane.stream,
      lane.sequence + 1,
      rank,
      events,
      counts,
      total,
      minTime,
      maxTime,
      Date.now(),
      data,
    );
    lane.sequence++;
    lane.collected = total;
    this.#sizeBytes += data.length;
    this.#events += events;
    this.#batches++;
    this.#isDirty = true;
  }

  /** The next batches to send: high priority first, each stream in order. `inFlight` is how many `isSent` would name. */
  next(limit: number, inFlight: number, isSent: IsSent): PendingBatch[] {
    const rows = this.#do.order.all(limit + inFlight) as Omit<PendingBatch, 'data'>[];
    return rows
      .filter(
        ({ stream, sequence }) =>
          sequence > (this.#acknowledged.get(stream) ?? 0) && !isSent(stream, sequence),
      )
      .slice(0, limit)
      .map((row) => ({
        ...row,
        data: (this.#do.data.get(row.stream, row.sequence) as { data: Buffer }).data,
      }));
  }

  /** Forgets what the collector has made durable; when the disk refuses even that, it is tried again at each `sync`. */
  acknowledge(stream: string, mark: number): void {
    this.#acknowledged.set(stream, Math.max(mark, this.#acknowledged.get(stream) ?? 0));
    this.#forget();
  }

  /** How far each stream was acknowledged, as far back as it is remembered. */
  acknowledgedMarks(): readonly StreamMark[] {
    return this.#marks.all();
  }

  #forget(): void {
    for (const [stream, mark] of this.#acknowledged) {
      let done: Removed[];
      try {
        done = this.#remove(stream, mark);
      } catch {
        // Nothing is lost by it: a restart would send them again, and the collector drops repeats.
        return;
      }
      this.#acknowledged.delete(stream);
      this.#batches -= done.length;
      for (const { size, events } of done) {
        this.#sizeBytes -= size;
        this.#events -= events;
      }
    }
  }

  /** Puts a `loss` event in the place of a batch. Gives how many events were given up. */
  giveUp(stream: string, sequence: number, reason: LossReason): number {
    const row = this.#do.whole.get(stream, sequence) as StoredBatch | undefined;
    if (row === undefined) return 0;
    const counts = JSON.parse(row.counts) as Record<string, number>;
    const batch = lossBatch(counts, row.data, reason, row.min_time, row.max_time);
    this.#do.giveUp.run(JSON.stringify(batch.counts), batch.data, row.id);
    this.#sizeBytes += batch.data.length - row.data.length;
    this.#events -= row.events;
    return row.events;
  }

  /** Sheds until size and age are within bounds, least priority and oldest first. Gives how many events were given up. */
  shed(isSent: IsSent): number {
    if (this.#batches === 0) return 0;
    const tooOld = Date.now() - this.#options.maxAgeMs;
    const isOver = () => this.#sizeBytes > this.#options.maxBytes;
    const oldest = (this.#do.oldest.get() as { at: number | null }).at;
    if (!isOver() && (oldest === null || oldest >= tooOld)) return 0;
    let lost = 0;
    for (const row of this.#do.kept.all() as { stream: string; sequence: number; created_ms: number }[]) {
      const isAged = row.created_ms < tooOld;
      if ((!isAged && !isOver()) || isSent(row.stream, row.sequence)) continue;
      lost += this.giveUp(row.stream, row.sequence, isAged ? 'outbox-age' : 'outbox-full');
    }
    return lost;
  }

  /** Flushes to the disk itself, so that a power cut loses nothing up to here. */
  sync(): void {
    this.#forget();
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  close(): void {
    this.#db.close();
  }
}
