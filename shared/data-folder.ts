import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { VedetteError } from './errors.ts';

export interface FolderLock {
  release(): void;
}

/** Makes the folder (mode 0700) if it is missing. Throws `data.unreadable` when it cannot be made or written. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new VedetteError('data.unreadable', `${folder}: ${(error as Error).message}.`, { cause: error });
  }
}

/**
 * Takes the folder for this process. The lock is an exclusive SQLite transaction, so the kernel lets go of it
 * when the process ends, however it ends. Throws `data.in_use` when another process has it.
 */
export function lockDataFolder(folder: string): FolderLock {
  makeDataFolder(folder);
  const path = join(folder, 'lock.db');
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: 0 });
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith('SQLITE_BUSY')) {
      throw new VedetteError('data.in_use', `${folder} is in use by another process.`, { cause: error });
    }
    throw new VedetteError('data.unreadable', `${path}: ${message}.`, { cause: error });
  }
  const held = db;
  return { release: () => void held.close() };
}
