/**
 * The manifest: which files hold what was sealed. It lives in the journal's database, so that one transaction moves
 * events from the journal to a segment, and one read sees every event once.
 */
import type Database from 'better-sqlite3';

export interface SegmentRecord {
  readonly type: string;
  /** Days since the epoch, UTC, of the events' own times. */
  readonly day: number;
  /** Under the folder of segments, with forward slashes. */
  readonly path: string;
  readonly rows: number;
  readonly sizeBytes: number;
  /** Microseconds since the epoch. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly sealedAt: number;
  /** Id of the key it is encrypted under; null in the clear. */
  readonly key: string | null;
}
export interface Segment extends SegmentRecord {
  readonly id: number;
}

interface SegmentRow {
  id: number;
  type: string;
  day: number;
  path: string;
  rows: number;
  size_bytes: number;
  min_time: number;
  max_time: number;
  sealed_at: number;
  key: string | null;
}

const select =
  'SELECT id, type, day, path, rows, size_bytes, min_time, max_time, sealed_at, key FROM segment';

function toSegment(row: SegmentRow): Segment {
  const { id, type, day, path, rows, key } = row;
  return {
    ...{ id, type, day, path, rows, key },
    sizeBytes: row.size_bytes,
    minTime: row.min_time,
    maxTime: row.max_time,
    sealedAt: row.sealed_at,
  };
}

export interface SegmentTotals {
  readonly files: number;
  readonly events: number;
  readonly sizeBytes: number;
}

/** Reads and, on a connection that may, changes the manifest; transactions are the caller's. */
export class Manifest {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Oldest first. */
  list(): readonly Segment[] {
    return (this.#db.prepare(`${select} ORDER BY sealed_at, id`).all() as SegmentRow[]).map(toSegment);
  }

  of(type: string, day: number): readonly Segment[] {
    const sql = `${select} WHERE type = ? AND day = ? ORDER BY id`;
    return (this.#db.prepare(sql).all(type, day) as SegmentRow[]).map(toSegment);
  }

  /** One that is not encrypted under `key` (null: in the clear), the newest first. */
  notUnder(key: string | null): Segment | undefined {
    const sql = `${select} WHERE key IS NOT ? ORDER BY id DESC LIMIT 1`;
    const row = this.#db.prepare(sql).get(key) as SegmentRow | undefined;
    return row === undefined ? undefined : toSegment(row);
  }

  totals(): SegmentTotals {
    const sql = `SELECT count(*) AS files, coalesce(sum(rows), 0) AS events, coalesce(sum(size_bytes), 0) AS sizeBytes
      FROM segment`;
    return this.#db.prepare(sql).get() as SegmentTotals;
  }

  add(segment: SegmentRecord): void {
    const { type, day, path, rows, sizeBytes, minTime, maxTime, sealedAt, key } = segment;
    this.#db
      .prepare(
        `INSERT INTO segment (type, day, path, rows, size_bytes, min_time, max_time, sealed_at, key)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(type, day, path, rows, sizeBytes, minTime, maxTime, sealedAt, key);
    // A name that was garbage before may be given again.
    this.#db.prepare('DELETE FROM garbage WHERE path = ?').run(path);
  }

  /** Takes segments out; their files stay until nobody can be reading them any more. */
  remove(segments: readonly Segment[], at: number): void {
    const remove = this.#db.prepare('DELETE FROM segment WHERE id = ?');
    const waste = this.#db.prepare('INSERT OR REPLACE INTO garbage (path, since) VALUES (?, ?)');
    for (const { id, path } of segments) {
      remove.run(id);
      waste.run(path, at);
    }
  }

  /** Files that left the manifest by `before`. */
  garbage(before: number): readonly string[] {
    const sql = 'SELECT path FROM garbage WHERE since <= ?';
    return (this.#db.prepare(sql).all(before) as { path: string }[]).map(({ path }) => path);
  }

  forgetGarbage(paths: readonly string[]): void {
    const forget = this.#db.prepare('DELETE FROM garbage WHERE path = ?');
    for (const path of paths) forget.run(path);
  }
}
