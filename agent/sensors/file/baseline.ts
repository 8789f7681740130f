import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { nowUs } from '#shared/clock.ts';
import type { KnownFile } from './facts.ts';
import { nameOfBytes, systemPath } from './names.ts';
import { parentOf } from './path-rules.ts';

/** Files the baseline keeps, some 250 bytes each; what is beyond is neither kept nor reported. */
export const maxKnownFiles = 100_000;
/** Time between marks of "was alive then". */
const aliveMs = 300_000;
/** Time between attempts to get back to the disk. */
const returnMs = 60_000;

const schemaVersion = 1;
const schema = `
CREATE TABLE IF NOT EXISTS file (
  folder NOT NULL, name NOT NULL,
  kind TEXT NOT NULL, size INTEGER NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL,
  inode TEXT NOT NULL, modified INTEGER NOT NULL, stamp TEXT NOT NULL, identity TEXT NOT NULL, target, hash TEXT,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;
const columns = 'kind, size, mode, uid, gid, inode, modified, stamp, identity, target, hash';
const statements = {
  one: `SELECT name, ${columns} FROM file WHERE folder = ? AND name = ?`,
  children: `SELECT name, ${columns} FROM file WHERE folder = ?`,
  folders: 'SELECT DISTINCT folder FROM file',
  count: 'SELECT count(*) AS count FROM file',
  put: `INSERT OR REPLACE INTO file (folder, name, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  remove: 'DELETE FROM file WHERE folder = ? AND name = ?',
  mark: 'INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)',
  marked: 'SELECT value FROM mark WHERE name = ?',
} as const;
type Statements = Readonly<Record<keyof typeof statements, Database.Statement>>;

/** A path as stored: text, or bytes where it is not UTF-8. */
type Stored = string | Buffer;
interface Row {
  readonly name: Stored;
  readonly kind: KnownFile['kind'];
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly inode: string;
  readonly modified: number;
  readonly stamp: string;
  readonly identity: string;
  readonly target: Stored | null;
  readonly hash: string | null;
}

/**
 * What each watched file was when last seen, in SQLite: the state that every look compares with, and after a restart
 * the knowledge of how things were before. Damage, and a disk that refuses, never reach the caller: a damaged file is
 * set aside and a new one begun, and without a disk the baseline lives in memory until there is one again.
 */
export class Baseline {
  readonly #path: string | undefined;
  #db: Database.Database;
  #do: Statements;
  #count = 0;
  #isOnDisk: boolean;
  #commit: NodeJS.Timeout | undefined;
  #aliveAtMs = 0;
  #triedAtMs = 0;
  #trouble: string | undefined;
  #isWiped = false;

  readonly #commitDelayMs: number;

  /**
   * Without a path it lives in memory only. What is learned is committed after the delay, so that its events are in
   * the outbox before it: killing the agent in between tells them twice rather than never.
   */
  constructor(path: string | undefined, commitDelayMs: number) {
    this.#path = path;
    this.#commitDelayMs = commitDelayMs;
    let db: Database.Database | undefined;
    if (path !== undefined) db = this.#openOrSetAside(path);
    this.#isOnDisk = db !== undefined;
    [this.#db, this.#do] = ready(db ?? new Database(':memory:'));
    this.#count = (this.#do.count.get() as { count: number }).count;
  }

  get count(): number {
    return this.#count;
  }

  /** True once a first look went through everything. */
  get complete(): boolean {
    return this.#marked('complete') === 1;
  }

  /** True when everything known was lost while it was open, and no first look went through everything since. */
  get wiped(): boolean {
    return this.#isWiped;
  }

  /** Last moment this store was known to be kept up, in microseconds; undefined before the first. */
  get aliveAt(): number | undefined {
    return this.#marked('alive');
  }

  get(path: string): KnownFile | undefined {
    const row = this.#read(() => this.#do.one.get(...keyOf(path))) as Row | undefined;
    return row === undefined ? undefined : knownOf(row);
  }

  /** What is known in a folder, by name. */
  children(folder: string): Map<string, KnownFile> {
    const rows = this.#read(() => this.#do.children.all(systemPath(folder))) as Row[];
    return new Map(rows.map((row) => [textOf(row.name), knownOf(row)]));
  }

  /** Every folder in which something is known. */
  folders(): string[] {
    const rows = this.#read(() => this.#do.folders.all()) as { folder: Stored }[];
    return rows.map(({ folder }) => textOf(folder));
  }

  /** Keeps it, without its stamp when that is not settled; false when there is no room for another. */
  put(path: string, file: KnownFile): boolean {
    const isNew = this.get(path) === undefined;
    if (isNew && this.#count >= maxKnownFiles) return false;
    const { kind, sizeBytes, mode, uid, gid, inode, modifiedAt, identity, target, hash } = file;
    const stamp = file.settled ? file.stamp : '';
    const link = target === undefined ? null : systemPath(target);
    const values = [kind, sizeBytes, mode, uid, gid, inode, modifiedAt, stamp, identity, link, hash ?? null];
    this.#write(() => this.#do.put.run(...keyOf(path), ...values));
    if (isNew) this.#count++;
    return true;
  }

  remove(path: string): void {
    let removed = 0;
    this.#write(() => {
      removed = this.#do.remove.run(...keyOf(path)).changes;
    });
    this.#count -= removed;
  }

  /** Before a look: its questions share one transaction, of which each would else ask for a lock and for a journal. */
  together(): void {
    if (!this.#db.inTransaction) this.#read(() => this.#db.exec('BEGIN'));
  }

  /** After it: ends what nothing was written in; the rest is committed in its own time. */
  apart(): void {
    if (this.#commit === undefined) this.#finish();
  }

  /** To be called now and then: marks the time, and gets back to the disk when it had refused. */
  tend(complete: boolean): void {
    const nowMs = Date.now();
    if (complete && !this.complete) this.#write(() => this.#do.mark.run('complete', 1));
    if (complete) this.#isWiped = false;
    if (Math.abs(nowMs - this.#aliveAtMs) >= aliveMs) {
      this.#aliveAtMs = nowMs;
      this.#write(() => this.#do.mark.run('alive', nowUs()));
    }
    if (!this.#isOnDisk && this.#path !== undefined && Math.abs(nowMs - this.#triedAtMs) >= returnMs) {
      this.#triedAtMs = nowMs;
      this.#toDisk(this.#path);
    }
  }

  /** What is wrong with keeping it; undefined when nothing is. */
  note(): string | undefined {
    return this.#trouble;
  }

  close(): void {
    if (this.#aliveAtMs !== 0) this.#write(() => this.#do.mark.run('alive', nowUs()));
    this.#finish();
    this.#db.close();
  }

  #marked(name: string): number | undefined {
    return (this.#read(() => this.#do.marked.get(name)) as { value: number } | undefined)?.value;
  }

  /** Runs it, and once more in memory if the disk refuses. */
  #read(run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      this.#toMemory(error);
      return run();
    }
  }

  /** Runs it within the transaction that is open, or a new one; once more in memory if the disk refuses. */
  #write(run: () => void): void {
    try {
      if (!this.#db.inTransaction) this.#db.exec('BEGIN');
      run();
    } catch (error) {
      this.#toMemory(error);
      run();
      return;
    }
    this.#commit ??= setTimeout(() => this.#finish(), this.#commitDelayMs);
  }

  #finish(): void {
    clearTimeout(this.#commit);
    this.#commit = undefined;
    try {
      if (this.#db.inTransaction) this.#db.exec('COMMIT');
    } catch (error) {
      this.#toMemory(error);
    }
  }

  /** Goes on in memory with what the disk still gives. What was not yet committed will be found, and told, again. */
  #toMemory(error: unknown): void {
    const { message, code } = error as Error & { code?: string };
    let image: Buffer | undefined;
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      if (!isDamage(code)) image = this.#db.serialize();
    } catch {
      image = undefined;
    }
    this.#db.close();
    this.#isWiped ||= image === undefined;
    this.#isOnDisk = false;
    this.#triedAtMs = Date.now();
    this.#trouble = `the baseline is kept in memory only: ${message}`;
    [this.#db, this.#do] = ready(new Database(image ?? ':memory:'));
    this.#count = (this.#do.count.get() as { count: number }).count;
  }

  #toDisk(path: string): void {
    this.#finish();
    try {
      writeWhole(path, this.#db.serialize());
      const [db, prepared] = ready(new Database(path));
      this.#db.close();
      [this.#db, this.#do] = [db, prepared];
      this.#isOnDisk = true;
      this.#trouble = undefined;
    } catch {
      // The trouble stands, and it is tried again.
    }
  }

  #openOrSetAside(path: string): Database.Database | undefined {
    try {
      return checked(path);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      try {
        if (!isDamage(code)) throw error;
        const aside = `${path}.corrupt-${Date.now()}`;
        renameSync(path, aside);
        rmSync(`${path}-journal`, { force: true });
        this.#trouble = `a damaged baseline was moved to ${aside}: changes before this start are not known`;
        return checked(path);
      } catch {
        this.#trouble = `the baseline is kept in memory only: ${message}`;
        return undefined;
      }
    }
  }
}

/** Opens and reads it through. Throws when it is damaged, of a newer schema, or cannot be had. */
function checked(path: string): Database.Database {
  const db = new Database(path);
  try {
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > schemaVersion) throw new Error(`${path} is of a newer version`);
    const result = db.pragma('quick_check(1)', { simple: true });
    if (result !== 'ok') throw Object.assign(new Error(String(result)), { code: 'SQLITE_CORRUPT' });
    ready(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function ready(db: Database.Database): [Database.Database, Statements] {
  db.pragma('journal_mode = TRUNCATE');
  db.pragma('synchronous = NORMAL');
  db.pragma('cache_size = -256');
  db.exec(schema);
  db.pragma(`user_version = ${schemaVersion}`);
  const prepared = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]);
  return [db, Object.fromEntries(prepared) as Statements];
}

function isDamage(code: string | undefined): boolean {
  return code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR' || code?.startsWith('SQLITE_CORRUPT') === true;
}

function writeWhole(path: string, bytes: Buffer): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}

function keyOf(path: string): [Stored, Stored] {
  return [systemPath(parentOf(path)), systemPath(path.slice(path.lastIndexOf('/') + 1))];
}

function textOf(stored: Stored): string {
  return typeof stored === 'string' ? stored : nameOfBytes(stored);
}

function knownOf(row: Row): KnownFile {
  return {
    kind: row.kind,
    sizeBytes: row.size,
    mode: row.mode,
    uid: row.uid,
    gid: row.gid,
    inode: row.inode,
    modifiedAt: row.modified,
    stamp: row.stamp,
    settled: row.stamp !== '',
    identity: row.identity,
    target: row.target === null ? undefined : textOf(row.target),
    hash: row.hash ?? undefined,
  };
}
