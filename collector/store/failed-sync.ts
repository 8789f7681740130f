import { statSync, writeSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';

/**
 * Called when the disk could not be made to keep what was written to it. The kernel then calls those pages clean
 * although no disk has them, so nothing written after them can be trusted to survive: whoever is called ends the
 * process before anything more is acknowledged.
 */
export type OnFailedSync = (error: VedetteError) => void;

/**
 * Ends the process at once, from whichever thread. A usual end would close the databases, and closing would write the
 * write-ahead log into them and remove it, trusting pages that were written before and are on no disk.
 */
export const endAtOnce: OnFailedSync = (error) => {
  writeSync(2, `vedette: ${error.line}\n`);
  process.kill(process.pid, 'SIGKILL');
};

/** For whoever has nothing to acknowledge. */
export const throwFailedSync: OnFailedSync = (error) => {
  throw error;
};

const failedSyncs: readonly unknown[] = ['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_DIR_FSYNC'];

/** Whether SQLite reports that a sync failed. */
export function isFailedSync(error: unknown): boolean {
  return failedSyncs.includes((error as { code?: unknown } | null)?.code);
}

export function failedSync(path: string, error: Error): VedetteError {
  return new VedetteError('data.sync_failed', `${path}: ${error.message}.`, { cause: error });
}

/** A log that is larger is written into the database; a log that begins anew is cut to the second. */
const checkpointBytes = 4 * 1024 * 1024;
const keptLogBytes = 1024 * 1024;

/**
 * From now on the log is written into the database only by `checkpointLog`: what SQLite does by itself after a commit
 * keeps a failed sync to itself.
 */
export function keepLog(db: Database.Database): void {
  db.pragma('wal_autocheckpoint = 0');
  db.pragma(`journal_size_limit = ${keptLogBytes}`);
}

/** Writes the log into the database, as far as readers let it, once it is worth it. Throws what SQLite reports. */
export function checkpointLog(db: Database.Database): void {
  const log = statSync(`${db.name}-wal`, { throwIfNoEntry: false });
  if ((log?.size ?? 0) >= checkpointBytes) db.pragma('wal_checkpoint(PASSIVE)');
}

/**
 * Writes everything that a run before left in the write-ahead log into the database itself and syncs it: the log may
 * be readable from the cache and yet be on no disk. Throws what SQLite reports.
 */
export function settleLog(db: Database.Database): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
}
