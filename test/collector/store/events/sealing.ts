/** Moves the oldest batches of a journal into listed segments, in one transaction, as a sealer does. */
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { encodeKept, type SealableBatch } from '../sealed.ts';

interface SegmentRow {
  readonly id: number;
  readonly path: string;
}

export class Sealing {
  readonly #db: Database.Database;
  readonly #folder: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = join(folder, 'segments');
    mkdirSync(this.#folder, { recursive: true });
    this.#db = new Database(join(folder, 'journal.db'), { timeout: 10_000 });
    this.#db.exec(`CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY, type TEXT NOT NULL, day TEXT NOT NULL,
      path TEXT NOT NULL, rows INTEGER NOT NULL, size_bytes INTEGER NOT NULL, min_time INTEGER NOT NULL,
      max_time INTEGER NOT NULL, sealed_at INTEGER NOT NULL, key TEXT)`);
  }

  /** Seals up to `count` batches; gives how many. */
  seal(count: number): number {
    const batches = this.#db
      .prepare(
        `SELECT id, host AS hostId, stream, sequence, received_at AS receivedAt, data FROM batch ORDER BY id LIMIT ?`,
      )
      .all(count) as (SealableBatch & { readonly id: number })[];
    this.#made++;
    const files = encodeKept(batches).map((file) => ({
      ...file,
      path: `s${this.#made}-${file.type}.parquet`,
    }));
    for (const { path, bytes } of files) writeFileSync(join(this.#folder, path), bytes);
    const insert =
      this.#db.prepare(`INSERT INTO segment (type, day, path, rows, size_bytes, min_time, max_time, sealed_at)
      VALUES (?, 19675, ?, 0, 0, ?, ?, 0)`);
    this.#db
      .transaction(() => {
        for (const { type, path, minTime, maxTime } of files) insert.run(type, path, minTime, maxTime);
        for (const { id } of batches) this.#db.prepare('DELETE FROM batch WHERE id = ?').run(id);
      })
      .immediate();
    return batches.length;
  }

  /** Replaces every segment by another file of the same rows, and removes the old one at once. */
  replaceAll(): void {
    const rows = this.#db.prepare('SELECT id, path FROM segment').all() as SegmentRow[];
    const next = rows.map(({ path }) => `r${++this.#made}-${path.split('-').at(-1)}`);
    for (const [i, { path }] of rows.entries())
      linkSync(join(this.#folder, path), join(this.#folder, next[i] as string));
    const update = this.#db.prepare('UPDATE segment SET path = ? WHERE id = ?');
    this.#db
      .transaction(() => {
        for (const [i, { id }] of rows.entries()) update.run(next[i], id);
      })
      .immediate();
    for (const { path } of rows) rmSync(join(this.#folder, path));
  }

  /** Drops the oldest segments, as retention does. */
  drop(count: number): void {
    const rows = this.#db.prepare('SELECT id, path FROM segment ORDER BY id LIMIT ?').all(count);
    for (const { id, path } of rows as SegmentRow[]) {
      this.#db.prepare('DELETE FROM segment WHERE id = ?').run(id);
      rmSync(join(this.#folder, path));
    }
  }

  close(): void {
    this.#db.close();
  }
}
