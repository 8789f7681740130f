/** Batches that wait in the journal are written again when the key in force is another one. */
import type Database from 'better-sqlite3';
import type { KeyRing } from '../encryption/key-ring.ts';
import { seal, sealedHead, unseal } from '../encryption/sealed.ts';
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

/** Batches with ids above `after`, some at a time. Gives the last one looked at; undefined when there were no more. */
function resealSome(db: Database.Database, ring: KeyRing, after: number): number | undefined {
  const key = ring.current;
  const { magic, idBytes } = sealedHead;
  const head = key === undefined ? magic : Buffer.concat([magic, Buffer.from(key.id, 'hex')]);
  const isStale = key === undefined ? 'substr(data, 1, ?) = ?' : 'substr(data, 1, ?) <> ?';
  const rows = db
    .prepare(
      `SELECT id, host, stream, sequence, data FROM batch WHERE id > ? AND ${isStale} ORDER BY id LIMIT ?`,
    )
    .all(after, key === undefined ? magic.length : magic.length + idBytes, head, batchesAtOnce) as Row[];
  const put = db.prepare('UPDATE batch SET data = ? WHERE id = ?');
  let grown = 0;
  for (const { id, host, stream, sequence, data } of rows) {
    const place = placeOf(host, stream, sequence);
    const changed = seal(unseal(data, ring, place), key, place);
    grown += changed.length - data.length;
    put.run(changed, id);
  }
  db.prepare('UPDATE total SET size = size + ?').run(grown);
  return rows.at(-1)?.id;
}

/** On a connection that may write. Nothing is left of what they were before. */
export function resealBatches(db: Database.Database, ring: KeyRing): void {
  db.pragma('secure_delete = ON');
  try {
    let after: number | undefined = 0;
    const some = db.transaction((from: number) => resealSome(db, ring, from));
    while (after !== undefined) after = some.immediate(after);
    settleLog(db);
  } finally {
    db.pragma('secure_delete = OFF');
  }
}
