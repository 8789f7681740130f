import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import type { EncodedBatch } from '#shared/protocol/codec/encode.ts';
import type { StreamMark } from '#shared/protocol/frames.ts';
import type { Priority } from '#shared/schema/spec.ts';
import { AcknowledgedMarks } from './acknowledged-marks.ts';
import { type BatchRow, isDamage, openOutboxFile, setAside } from './database.ts';
import { type LossReason, lossBatch } from './loss.ts';
import { type Mark, MarksFile } from './marks.ts';
import { type Salvaged, salvage } from './salvage.ts';

export interface OutboxOptions {
  readonly path: string;
  /** The identity that batches are acknowledged to. */
  readonly hostId?: string;
  /** Most bytes of encoded events kept. */
  readonly maxBytes: number;
  /** Longest time an unacknowledged batch is kept. */
  readonly maxAgeMs: number;
  /** With less of its file system free than this share, the outbox does not grow. */
  readonly minFreeShare: number;
  /** Every batch is on the disk itself before it counts as kept, not only at `sync`. */
  readonly syncsEach: boolean;
  /** Called when the database was found damaged and replaced. */
  readonly onDamage?: (damage: Damage) => void;
}

/** A damaged outbox: where it was moved, and what became of its batches. */
export interface Damage extends Salvaged {
  /** Undefined when there was no file any more. */
  readonly setAside: string | undefined;
}

/** A batch on its way: what a batch frame says, and its place. */
export interface PendingBatch {
  readonly stream: string;
  readonly sequence: number;
  readonly collected: number;
  readonly data: Uint8Array;
}

/** A batch to be kept; see `append`. */
export interface Entry {
  readonly priority: Priority;
  readonly batch: EncodedBatch;
  readonly collected: number;
}

function eventsOf({ count, counts }: EncodedBatch): number {
  return count - (counts['loss'] ?? 0);
}

interface Removed {
  readonly size: number;
  readonly events: number;
  readonly sequence: number;
  readonly collected: number;
}

interface Lane {
  readonly stream: string;
  sequence: number;
  collected: number;
}

/** Goes first and is shed last. A database of before there were alerts holds 0 and 1. */
const ranks: Readonly<Record<Priority, number>> = { alert: -1, high: 0, normal: 1 };
/** Pages given back to the file system at a time, 8 MiB. */
const vacuumPages = 2048;

const statements = {
  insert: `INSERT INTO batch (stream, sequence, rank, events, counts, collected, min_time, max_time, created_ms, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  order: 'SELECT stream, sequence, collected FROM batch ORDER BY rank, id LIMIT ?',
  data: 'SELECT data FROM batch WHERE stream = ? AND sequence = ?',
  remove:
    'DELETE FROM batch WHERE stream = ? AND sequence <= ? RETURNING length(data) AS size, events, sequence, collected',
  whole: 'SELECT * FROM batch WHERE stream = ? AND sequence = ? AND given_up = 0',
  giveUp: 'UPDATE batch SET given_up = 1, events = 0, counts = ?, data = ? WHERE id = ?',
  oldest: 'SELECT min(created_ms) AS at FROM batch WHERE given_up = 0',
  kept: 'SELECT stream, sequence, created_ms FROM batch WHERE given_up = 0 ORDER BY rank DESC, id',
  totals: `SELECT coalesce(sum(length(data)), 0) AS size, coalesce(sum(events), 0) AS events, count(*) AS batches
    FROM batch`,
  streams: 'SELECT DISTINCT stream FROM batch',
} as const;
type Statements = Readonly<Record<keyof typeof statements, Database.Statement>>;

/** Says whether a batch is on its way and must not be touched. */
export type IsSent = (stream: string, sequence: number) => boolean;

function prepare(db: Database.Database): Statements {
  return Object.fromEntries(
    Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]),
  ) as Statements;
}

/**
 * Encoded batches that the collector has not acknowledged, in SQLite. Each run of the agent writes streams of its own,
 * one a lane, so that a sequence number never means two things even after a power cut. Room is made by replacing the
 * oldest batch of the least priority with a `loss` event under the same sequence. A damaged database is set aside,
 * at the start as at any time later; what can be read of it is taken over, what cannot is declared lost.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #lanes = new Map<Priority, Lane>();
  readonly #marksFile: MarksFile;
  /** Of every stream that has batches. */
  readonly #marks: Map<string, Mark>;
  #db: Database.Database;
  #do: Statements;
  #acknowledgedMarks: AcknowledgedMarks;
  #sizeBytes = 0;
  #events = 0;
  #batches = 0;
  #isDirty = false;
  #areMarksDirty = false;
  /** Bytes it may hold while the disk is low. */
  #lowDiskBytes: number | undefined;
  /** Marks of streams whose batches are still to be deleted. */
  readonly #acknowledged = new Map<string, number>();

  /** Throws `data.*`. */
  constructor(options: OutboxOptions) {
    this.#options = options;
    const { path } = options;
    this.#marksFile = new MarksFile(`${path}.marks`);
    this.#marks = this.#marksFile.load();
    // A replacement that was complete when the agent ended.
    if (!existsSync(path) && existsSync(replacement(path))) renameSync(replacement(path), path);
    const isGone = !existsSync(path) && this.#marks.size > 0;
    try {
      this.#db = isGone ? this.#replaced() : openOutboxFile(path, options.syncsEach);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#db = this.#replaced();
    }
    this.#do = prepare(this.#db);
    this.#acknowledgedMarks = this.#openMarks();
    this.#count();
    const streams = new Set((this.#do.streams.all() as { stream: string }[]).map(({ stream }) => stream));
    for (const stream of this.#marks.keys()) if (!streams.has(stream)) this.#marks.delete(stream);
  }

  /** Makes a new database of what can be read of the one there is. Whatever happens on the way, one of both is there. */
  #replaced(): Database.Database {
    const { path, syncsEach, onDamage } = this.#options;
    const to = replacement(path);
    for (const suffix of ['', '-wal', '-shm']) rmSync(to + suffix, { force: true });
    let saved: Salvaged;
    let db = openOutboxFile(to, false);
    try {
      saved = salvage(path, db, this.#marks);
    } finally {
      db.close();
    }
    const aside = setAside(path);
    renameSync(to, path);
    db = openOutboxFile(path, syncsEach);
    onDamage?.({ ...saved, setAside: existsSync(aside) ? aside : undefined });
    return db;
  }

  #count(): void {
    const totals = this.#do.totals.get() as { size: number; events: number; batches: number };
    this.#sizeBytes = totals.size;
    this.#events = totals.events;
    this.#batches = totals.batches;
  }

  /** Does the work; where the database turns out to be damaged, on its replacement. */
  #soundly<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      try {
        this.#db.close();
      } catch {
        // It may not be able to write its log back.
      }
      this.#db = this.#replaced();
      this.#do = prepare(this.#db);
      this.#acknowledgedMarks = this.#openMarks();
      this.#count();
      return work();
    }
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

  /** Where the next batch of the priority goes. */
  nextPlace(priority: Priority): { readonly stream: string; readonly sequence: number } {
    const { stream, sequence } = this.#laneOf(priority);
    return { stream, sequence: sequence + 1 };
  }

  /**
   * Keeps a batch; on return it survives the end of the process. `collected` is how many events it accounts for:
   * those it holds plus those its own `loss` events declare. Throws when the disk refuses; then nothing is kept.
   */
  append(priority: Priority, batch: EncodedBatch, collected: number): void {
    this.appendTogether([{ priority, batch, collected }]);
  }

  /** Keeps batches, all or none, in this order. */
  appendTogether(entries: readonly Entry[]): void {
    const placed = this.#placed(entries);
    const insert = () => {
      for (const { lane, entry } of placed) this.#insert(lane, entry);
    };
    this.#soundly(() => (placed.length === 1 ? insert() : this.#db.transaction(insert)()));
    for (const { lane, entry } of placed) {
      Object.assign(this.#laneOf(entry.priority), lane);
      Object.assign(this.#markOf(lane.stream), { sequence: lane.sequence, collected: lane.collected });
      this.#sizeBytes += entry.batch.data.length;
      this.#events += eventsOf(entry.batch);
      this.#batches++;
    }
    this.#areMarksDirty = true;
    this.#isDirty = true;
  }

  /** Each with its lane as it is after it. */
  #placed(entries: readonly Entry[]): readonly { readonly lane: Lane; readonly entry: Entry }[] {
    const lanes = new Map<Priority, Lane>();
    return entries.map((entry) => {
      const { stream, sequence, collected } = lanes.get(entry.priority) ?? this.#laneOf(entry.priority);
      const lane = { stream, sequence: sequence + 1, collected: collected + entry.collected };
      lanes.set(entry.priority, lane);
      return { lane, entry };
    });
  }

  #insert({ stream, sequence, collected }: Lane, { priority, batch }: Entry): void {
    const { counts, minTime, maxTime, data } = batch;
    const row = [stream, sequence, ranks[priority], eventsOf(batch), JSON.stringify(counts), collected];
    this.#do.insert.run(...row, minTime, maxTime, Date.now(), data);
  }

  /** The next batches to send: high priority first, each stream in order. `inFlight` is how many `isSent` would name. */
  next(limit: number, inFlight: number, isSent: IsSent): PendingBatch[] {
    return this.#soundly(() => this.#next(limit, inFlight, isSent));
  }

  #next(limit: number, inFlight: number, isSent: IsSent): PendingBatch[] {
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

  #forget(): void {
    for (const [stream, mark] of this.#acknowledged) {
      let done: Removed[];
      try {
        done = this.#soundly(() => this.#remove(stream, mark));
      } catch {
        // Nothing is lost by it: a restart would send them again, and the collector drops repeats.
        return;
      }
      this.#acknowledged.delete(stream);
      this.#batches -= done.length;
      const kept = this.#markOf(stream);
      for (const { size, events, sequence, collected } of done) {
        this.#sizeBytes -= size;
        this.#events -= events;
        kept.ackedSequence = Math.max(kept.ackedSequence, sequence);
        kept.ackedCollected = Math.max(kept.ackedCollected, collected);
      }
      if (kept.ackedSequence >= kept.sequence && !this.#isOpen(stream)) this.#marks.delete(stream);
      this.#areMarksDirty = true;
    }
  }

  /** Deletes the batches and remembers how far it went, both or neither. */
  #remove(stream: string, mark: number): Removed[] {
    return this.#db.transaction(() => {
      const done = this.#do.remove.all(stream, mark) as Removed[];
      const last = done.reduce<Removed | undefined>(
        (a, b) => (a && a.sequence > b.sequence ? a : b),
        undefined,
      );
      if (last !== undefined) this.#acknowledgedMarks.put(stream, last.sequence, last.collected);
      return done;
    })();
  }

  #openMarks(): AcknowledgedMarks {
    return new AcknowledgedMarks(this.#db, this.#options.hostId ?? '');
  }

  /** How far each stream was acknowledged, as far back as it is remembered. */
  acknowledgedMarks(): readonly StreamMark[] {
    return this.#soundly(() => this.#acknowledgedMarks.all());
  }

  #markOf(stream: string): Mark {
    let mark = this.#marks.get(stream);
    if (mark === undefined) {
      mark = { sequence: 0, collected: 0, ackedSequence: 0, ackedCollected: 0 };
      this.#marks.set(stream, mark);
    }
    return mark;
  }

  #laneOf(priority: Priority): Lane {
    let lane = this.#lanes.get(priority);
    if (lane === undefined) {
      lane = { stream: randomBytes(8).toString('hex'), sequence: 0, collected: 0 };
      this.#lanes.set(priority, lane);
    }
    return lane;
  }

  /** True for a stream of this run. */
  #isOpen(stream: string): boolean {
    return this.#lanes.values().some((lane) => lane.stream === stream);
  }

  /** Puts a `loss` event in the place of a batch. Gives how many events were given up. */
  giveUp(stream: string, sequence: number, reason: LossReason): number {
    return this.#soundly(() => this.#giveUp(stream, sequence, reason));
  }

  #giveUp(stream: string, sequence: number, reason: LossReason): number {
    const row = this.#do.whole.get(stream, sequence) as BatchRow | undefined;
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
    return this.#batches === 0 ? 0 : this.#soundly(() => this.#shed(isSent));
  }

  #shed(isSent: IsSent): number {
    const tooOld = Date.now() - this.#options.maxAgeMs;
    this.#lowDiskBytes = this.#isDiskLow() ? (this.#lowDiskBytes ?? this.#sizeBytes) : undefined;
    const maxBytes = Math.min(this.#options.maxBytes, this.#lowDiskBytes ?? Number.POSITIVE_INFINITY);
    const isOver = () => this.#sizeBytes > maxBytes;
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

  #isDiskLow(): boolean {
    try {
      const { bavail, blocks } = statfsSync(dirname(this.#options.path));
      return bavail < blocks * this.#options.minFreeShare;
    } catch {
      return false;
    }
  }

  /** Flushes to the disk itself, so that a power cut loses nothing up to here, and gives back room not needed. */
  sync(): void {
    this.#forget();
    this.#soundly(() => this.#flush());
    if (!this.#areMarksDirty) return;
    this.#areMarksDirty = false;
    this.#marksFile.save(this.#marks);
  }

  #flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const free = this.#db.pragma('freelist_count', { simple: true }) as number;
    if (free > vacuumPages) {
      this.#db.pragma(`incremental_vacuum(${vacuumPages})`);
      this.#isDirty = true;
    }
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  close(): void {
    try {
      this.#marksFile.save(this.#marks);
    } catch {
      // As of the last sync then.
    }
    this.#marksFile.close();
    this.#db.close();
  }
}

/** Where a replacement is made. */
function replacement(path: string): string {
  return `${path}.new`;
}
