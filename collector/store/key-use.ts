/** Which keys what is stored is encrypted under. */
import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import { type KeyRing, makeKeyFile } from '../encryption/key-ring.ts';
import { sealedHead } from '../encryption/sealed.ts';
import type { KeyUse } from './contract.ts';
import { openDatabase } from './journal/database.ts';

/** By key, those in use only; what is in the clear under null. */
export function keyUse(db: Database.Database): readonly KeyUse[] {
  const { magic, idBytes } = sealedHead;
  const segments = db.prepare('SELECT key, count(*) AS segments FROM segment GROUP BY key').all() as {
    key: string | null;
    segments: number;
  }[];
  const batches = db
    .prepare(
      `SELECT iif(substr(data, 1, ?) = ?, lower(hex(substr(data, ?, ?))), NULL) AS key, count(*) AS batches
        FROM batch GROUP BY 1`,
    )
    .all(magic.length, magic, magic.length + 1, idBytes) as { key: string | null; batches: number }[];
  const uses = new Map<string | null, KeyUse>();
  for (const one of segments) uses.set(one.key, { ...one, batches: 0 });
  for (const { key, batches: n } of batches)
    uses.set(key, { key, segments: uses.get(key)?.segments ?? 0, batches: n });
  return [...uses.values()];
}

/**
 * Throws `encryption.key_missing` when the ring lacks a key that the journal at this path, or a segment, is encrypted
 * under.
 */
export function checkKeys(journalPath: string, ring: KeyRing): void {
  if (!existsSync(journalPath)) return;
  const db = openDatabase(journalPath, false);
  try {
    for (const { key } of keyUse(db)) if (key !== null) ring.byId(key);
  } finally {
    db.close();
  }
}

/** Makes the key file where it is not there and nothing is encrypted yet; gives whether it did. Throws `encryption.*`. */
export function ensureKeyFile(file: string, journalPath: string): boolean {
  if (file === '' || existsSync(file)) return false;
  if (existsSync(journalPath)) {
    const db = openDatabase(journalPath, false);
    try {
      if (keyUse(db).some(({ key }) => key !== null))
        throw new VedetteError(
          'encryption.key_missing',
          `${file} is not there, and stored data is encrypted.`,
        );
    } finally {
      db.close();
    }
  }
  makeKeyFile(file);
  return true;
}
