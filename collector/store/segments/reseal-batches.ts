/** Batches that wait in the journal are written again when the key in force is another one. */
import type Database from 'better-sqlite3';
import type { KeyRing } from '../../encryption/key-ring.ts';
import { seal, sealedHead, unseal } from '../../encryption/sealed.ts';
import { settleLog } from '../failed-sync.ts';
import { placeOf } from '../journal/place.ts';

/** Batches of one transaction: the pipeline waits for it. */
const batchesAtOnce = 32;

interface Row {
  readonly id: number;
  readonly host: string;
  readonly stream: string;
  readonly sequence: number;
  readonly data: Buffer;
}

/** Which batches are not under the key in force. */
function staleBatches(ring: KeyRing): { readonly sql: string; readonly values: readonly [number, Buffer] } {
  const key = ring.current;
  const { magic, idBytes } = sealedHead;
  if (key === undefined) return { sql: 'substr(data, 1, ?) = ?', values: [magic.length, magic] };
  const head = Buffer.concat([magic, Buffer.from(key.id, 'hex')]);
  return { sql: 'substr(data, 1, ?) <> ?', values: [magic.length + idBytes, head] };
}

/** Gives whether there was one. */
function resealSome(db: Database.Database, ring: KeyRing): boolean {
  const stale = staleBatches(ring);
  const rows = db
    .prepare(`SELECT id, host, stream, sequence, data FROM batch WHERE ${stale.sql} LIMIT ${batchesAtOnce}`)
    .all(...stale.values) as Row[];
  const put = db.prepare('UPDATE batch SET data = ? WHERE id = ?');
  let grown = 0;
  for (const { id, host, stream, sequence, data } of rows) {
    const place = placeOf(host, stream, sequence);
    const changed = seal(unseal(data, ring, place), ring.current, place);
    grown += changed.length - data.length;
    put.run(changed, id);
  }
  if (rows.length > 0) db.prepare('UPDATE total SET size = size + ?').run(grown);
  return rows.length > 0;
}

/** On a connection that may write. Nothing is left of what they were before. */
export function resealBatches(db: Database.Database, ring: KeyRing): void {
  const { sql, values } = staleBatches(ring);
  if (db.prepare(`SELECT 1 FROM batch WHERE ${sql} LIMIT 1`).get(...values) === undefined) return;
  db.pragma('secure_delete = ON');
  try {
    const some = db.transaction(() => resealSome(db, ring));
    while (some.immediate());
    settleLog(db);
  } finally {
    db.pragma('secure_delete = OFF');
  }
}
