import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';

/**
 * Called when the disk could not be made to keep what was written to it. The kernel then calls those pages clean
 * although no disk has them, so nothing written after them can be trusted to survive: whoever is called ends the
 * process before anything more is acknowledged.
 */
export type OnFailedSync = (error: VedetteError) => void;

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

/**
 * Writes everything that a run before left in the write-ahead log into the database itself and syncs it: the log may
 * be readable from the cache and yet be on no disk. Throws what SQLite reports.
 */
export function settleLog(db: Database.Database): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
}
