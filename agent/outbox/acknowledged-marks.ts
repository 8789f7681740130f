import type Database from 'better-sqlite3';
import { maxMarks, type StreamMark } from '#shared/protocol/frames.ts';

export const marksSchema = `
CREATE TABLE IF NOT EXISTS acknowledged (
  stream TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  collected INTEGER NOT NULL
);
`;

/** Each run of the agent has up to three streams of its own, and opens the outbox before they are known here. */
const streamsOfRun = 3;

/**
 * How far each stream was acknowledged, in the outbox's database: once acknowledged, batches are gone from here, and
 * only this tells a collector restored from an older copy of its data how much it lacks. Of the oldest streams over
 * `maxMarks` nothing is known any more.
 */
export class AcknowledgedMarks {
  readonly #db: Database.Database;
  readonly #put: Database.Statement;
  readonly #all: Database.Statement;
  readonly #hostId: string;

  /** `hostId` is the identity batches are acknowledged to; streams that went to another and are done are forgotten. */
  constructor(db: Database.Database, hostId: string) {
    this.#hostId = hostId;
    this.#db = db;
    this.#forgetOld();
    this.#put = db.prepare(
      `INSERT INTO acknowledged (stream, host, sequence, collected) VALUES (?, ?, ?, ?) ON CONFLICT (stream)
        DO UPDATE SET host = excluded.host, sequence = excluded.sequence, collected = excluded.collected`,
    );
    this.#all = db
      .prepare('SELECT stream, sequence, collected FROM acknowledged ORDER BY rowid DESC LIMIT ?')
      .raw();
  }

  #forgetOld(): void {
    try {
      this.#db
        .prepare('DELETE FROM acknowledged WHERE host <> ? AND stream NOT IN (SELECT stream FROM batch)')
        .run(this.#hostId);
      this.#db
        .prepare(
          `DELETE FROM acknowledged WHERE stream NOT IN
            (SELECT stream FROM acknowledged ORDER BY rowid DESC LIMIT ?)`,
        )
        .run(maxMarks - streamsOfRun);
    } catch {
      // The disk refuses: it is done at the next start.
    }
  }

  put(stream: string, sequence: number, collected: number): void {
    this.#put.run(stream, this.#hostId, sequence, collected);
  }

  all(): readonly StreamMark[] {
    return this.#all.all(maxMarks) as StreamMark[];
  }
}
