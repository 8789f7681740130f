/** How much is stored, how fast that grows, and when there will be no more room. */
import { statfsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { KeyRing } from '../../encryption/key-ring.ts';
import type { StorageStatus } from '../contract.ts';
import { keyUse } from '../key-use.ts';
import { Manifest } from './manifest.ts';
import type { Retention } from './retention.ts';
import { dayUs } from './type-gatherer.ts';

/** Growth over less time tells nothing. */
const leastSpanUs = 3_600_000_000;

/** Bytes sealed a day, over the last day or what there is of it; null before an hour of it. */
function growth(db: Database.Database, nowUs: number): number | null {
  const sql = 'SELECT sum(size_bytes) AS bytes, min(sealed_at) AS first FROM segment WHERE sealed_at > ?';
  const { bytes, first } = db.prepare(sql).get(nowUs - dayUs) as {
    bytes: number | null;
    first: number | null;
  };
  if (bytes === null || first === null || nowUs - first < leastSpanUs) return null;
  return (bytes * dayUs) / (nowUs - first);
}

/** When the disk will be full at that rate; null when it never will, for retention gives up as much as comes. */
function fullAt(
  sizeBytes: number,
  bytesPerDay: number,
  freeBytes: number,
  { days, maxBytes }: Retention,
  nowUs: number,
): number | null {
  const kept = Math.min(
    maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY,
    days > 0 ? bytesPerDay * days : Number.POSITIVE_INFINITY,
  );
  if (kept <= sizeBytes + freeBytes) return null;
  return Math.round(nowUs + (freeBytes / bytesPerDay) * dayUs);
}

/** Of the segments behind the manifest; `folder` is on their disk. */
export function storageStatus(
  db: Database.Database,
  folder: string,
  retention: Retention,
  nowUs: number,
  ring: KeyRing,
): StorageStatus {
  const totals = new Manifest(db).totals();
  const span = db.prepare('SELECT min(min_time) AS oldest, max(max_time) AS newest FROM segment').get() as {
    oldest: number | null;
    newest: number | null;
  };
  const { bavail, bsize } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  const bytesPerDay = growth(db, nowUs);
  return {
    segments: totals,
    oldestEventAt: span.oldest,
    newestEventAt: span.newest,
    bytesPerDay,
    freeBytes,
    encryption: { key: ring.current?.id ?? null, stored: ring.isInUse ? keyUse(db) : [], isPending: false },
    fullAt:
      bytesPerDay === null || bytesPerDay === 0
        ? null
        : fullAt(totals.sizeBytes, bytesPerDay, freeBytes, retention, nowUs),
  };
}
