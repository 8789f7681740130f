/** The peer: one SQLite row an event, twelve columns, three indexes. */
import Database from 'better-sqlite3';
import type { EventRow } from '#shared/schema/columns.ts';

const fields = [
  'process.pid',
  'process.entity_id',
  'process.name',
  'process.executable',
  'process.command_line',
  'process.parent.executable',
  'destination.ip',
  'destination.port',
  'user.name',
] as const;

export class RowTable {
  readonly db: Database.Database;
  readonly #insert: Database.Statement;
  readonly #many: Database.Transaction;

  constructor(path: string) {
    this.db = new Database(path);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = NORMAL');
    this.db.exec(`
      CREATE TABLE row (time INTEGER, host TEXT, type TEXT, pid INTEGER, entity TEXT, name TEXT, executable TEXT,
        command_line TEXT, parent TEXT, destination_ip TEXT, destination_port INTEGER, user TEXT);
      CREATE INDEX row_time ON row (host, time);
      CREATE INDEX row_entity ON row (entity);
      CREATE INDEX row_address ON row (destination_ip);`);
    this.#insert = this.db.prepare(`INSERT INTO row VALUES (${Array(12).fill('?').join(', ')})`);
    this.#many = this.db.transaction((host: string, events: readonly EventRow[]) => {
      for (const event of events)
        this.#insert.run(event.time, host, event.type, ...fields.map((name) => event[name] ?? null));
    });
  }

  add(host: string, events: readonly EventRow[]): void {
    this.#many(host, events);
  }
}
