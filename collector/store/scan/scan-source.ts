/** All stored events at one moment, open for reading from end to end. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import type { KeyRing } from '../../encryption/key-ring.ts';
import { unseal } from '../../encryption/sealed.ts';
import { openDatabase } from '../journal/database.ts';
import { placeOf } from '../journal/place.ts';
import { Manifest, type Segment } from '../segments/manifest.ts';
import { integerBound, type RowGroupPlace, readRowGroups } from '../segments/parquet/read/row-groups.ts';

/** Most files that are held open. */
export const maxFiles = 16_384;

/** A row group of a segment. `fd` is open in the whole process, so that any of its threads may read it. */
export interface ScanUnit {
  readonly fd: number;
  readonly type: string;
  readonly place: RowGroupPlace;
  readonly rows: number;
  /** Microseconds; of the events' own times, and of when the first of them was received. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly firstReceivedAt: number;
}

/** A batch of the journal; its bytes are fetched when it is its turn. */
export interface TailEntry {
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  readonly receivedAt: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly events: number;
}

interface TailPlace extends TailEntry {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Files are held open from the start, so that merging and retention may take their names meanwhile; batches of the
 * journal are copied to a file of our own, so that no transaction is held while the scan runs.
 */
export class ScanSource {
  /** In the order in which they begin to arrive. */
  readonly units: readonly ScanUnit[];
  /** In order of arrival. */
  readonly tail: readonly TailEntry[];
  /** Files that could not be read: the disk has changed them. */
  readonly damagedFiles: number;
  readonly #fds: readonly number[];
  readonly #tailFd: number;
  readonly #ring: KeyRing;

  private constructor(opened: OpenUnits, tail: readonly TailPlace[], tailFd: number, ring: KeyRing) {
    this.#ring = ring;
    this.units = opened.units.sort((a, b) => a.firstReceivedAt - b.firstReceivedAt);
    this.damagedFiles = opened.damaged;
    this.#fds = opened.fds;
    this.tail = tail;
    this.#tailFd = tailFd;
  }

  /** `tailPath` is made anew and removed at once; it exists as long as it is open. Throws `data.*`. */
  static open(journalPath: string, segmentFolder: string, tailPath: string, ring: KeyRing): ScanSource {
    const db = openDatabase(journalPath, true);
    const tailFd = openSync(tailPath, 'w+', 0o600);
    try {
      rmSync(tailPath, { force: true });
      // One transaction over both: a batch that is sealed meanwhile is seen in one of them.
      const { opened, tail } = db.transaction(() => {
        const opened = openUnits(segmentsOf(db), segmentFolder, ring);
        try {
          return { opened, tail: copyTail(db, tailFd) };
        } catch (error) {
          for (const fd of opened.fds) closeSync(fd);
          throw error;
        }
      })();
      return new ScanSource(opened, tail, tailFd, ring);
    } catch (error) {
      closeSync(tailFd);
      throw error;
    } finally {
      db.close();
    }
  }

  /** Throws `encryption.key_missing`, or `data.corrupt` when the disk has changed it. */
  bytesOf(entry: TailEntry): Buffer {
    const { at, bytes } = entry as TailPlace;
    const data = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const read = readSync(this.#tailFd, data, done, bytes - done, at + done);
      if (read === 0) throw new VedetteError('backtest.failed', 'The copy of the journal is cut off.');
      done += read;
    }
    return unseal(data, this.#ring, placeOf(entry.hostId, entry.stream, entry.sequence));
  }

  close(): void {
    for (const fd of [...this.#fds, this.#tailFd]) closeSync(fd);
  }
}

/** Files that are open, and what is in them. */
export interface OpenUnits {
  readonly units: ScanUnit[];
  /** To be closed by whoever opened them. */
  readonly fds: number[];
  damaged: number;
}

/** Opens segments. Those that cannot be read are counted; throws `encryption.*` where a key is missing, with all closed. */
export function openUnits(segments: readonly Segment[], folder: string, ring: KeyRing): OpenUnits {
  const opened: OpenUnits = { units: [], fds: [], damaged: 0 };
  try {
    for (const segment of segments) openUnit(segment, folder, opened, ring);
  } catch (error) {
    for (const fd of opened.fds) closeSync(fd);
    throw error;
  }
  return opened;
}

function segmentsOf(db: Database.Database): readonly Segment[] {
  const hasSegments = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'segment'`).get() !== undefined;
  if (!hasSegments) return [];
  const segments = new Manifest(db).list();
  if (segments.length > maxFiles)
    throw new VedetteError(
      'backtest.limit',
      `There are ${segments.length} files; ${maxFiles} are read at most.`,
    );
  return segments;
}

function openUnit(
  { path, type, minTime, maxTime, key }: Segment,
  folder: string,
  into: OpenUnits,
  ring: KeyRing,
): void {
  try {
    const fd = openSync(join(folder, path), 'r');
    into.fds.push(fd);
    for (const place of readRowGroups(fd, path, (id) => ring.byId(id ?? key ?? ''))) {
      const bound = (name: string, which: 'least' | 'greatest', other: number) =>
        integerBound(place.chunks.get(name)?.[which]) ?? other;
      into.units.push({
        ...{ fd, type, place, rows: place.rows },
        minTime: bound('time', 'least', minTime),
        maxTime: bound('time', 'greatest', maxTime),
        firstReceivedAt: bound('event.ingested', 'least', Number.NEGATIVE_INFINITY),
      });
    }
  } catch (error) {
    // Without a key everything is missing, which nobody must take for the whole.
    if (isKeyMissing(error)) throw error;
    into.damaged++;
  }
}

function isKeyMissing(error: unknown): boolean {
  return error instanceof VedetteError && error.code.startsWith('encryption.');
}

interface BatchRow {
  readonly host: string;
  readonly stream: string;
  readonly sequence: number;
  readonly received_at: number;
  readonly min_time: number;
  readonly max_time: number;
  readonly counts: string;
  readonly data: Buffer;
}

function copyTail(db: Database.Database, fd: number): TailPlace[] {
  const tail: TailPlace[] = [];
  let at = 0;
  const sql =
    'SELECT host, stream, sequence, received_at, min_time, max_time, counts, data FROM batch ORDER BY id';
  for (const row of db.prepare(sql).iterate() as IterableIterator<BatchRow>) {
    const { host: hostId, stream, sequence, data } = row;
    const counts = Object.values(JSON.parse(row.counts) as Record<string, number>);
    for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
    tail.push({
      ...{ hostId, stream, sequence, at, bytes: data.length },
      ...{ receivedAt: row.received_at, minTime: row.min_time, maxTime: row.max_time },
      events: counts.reduce((sum, n) => sum + n, 0),
    });
    at += data.length;
  }
  return tail;
}
