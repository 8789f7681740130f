/** Merges small segments of one type and day into larger ones, so that a question opens few files. */
import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Key, type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { Manifest, type Segment } from './manifest.ts';
import { areAlike, concatenate } from './parquet/concatenate.ts';
import { type KeyFor, readFooter } from './parquet/footer.ts';
import { rewrite } from './rewrite.ts';
import { segmentPath } from './sealer.ts';
import { syncFolder, unfinishedSuffix } from './segment-writer.ts';
import { dayUs, rowGroupRows } from './type-gatherer.ts';

export interface CompactionBounds {
  /** Segments with as many rows are left as they are. */
  readonly fullRows: number;
  /** So many small ones of one place are worth merging; of a day that is over, two are. */
  readonly minSegments: number;
}

export const compactionBounds: CompactionBounds = {
  fullRows: 8 * rowGroupRows,
  minSegments: 8,
};

/** Row groups with as many rows, on average, are not worth being encoded again. */
const leastGroupRows = rowGroupRows / 4;

/** A day counts as over when events of it hardly come any more. */
const overAfterUs = 6 * 3_600_000_000;

/** Least distance in size between segments that are not merged with one another: rows are written a few times, not often. */
const tierRatio = 8;

interface Candidate {
  readonly type: string;
  readonly day: number;
}

/** The segments of one place that are best merged now; none when it is not worth it. */
export function chooseMerge(
  segments: readonly Segment[],
  isOver: boolean,
  { fullRows, minSegments }: Pick<CompactionBounds, 'fullRows' | 'minSegments'>,
): readonly Segment[] {
  const small = segments.filter(({ rows }) => rows < fullRows).sort((a, b) => a.rows - b.rows);
  const chosen: Segment[] = [];
  let rows = 0;
  for (const segment of small) {
    if (rows + segment.rows > fullRows && chosen.length > 0) break;
    if (!isOver && chosen.length >= minSegments && segment.rows > tierRatio * (chosen[0] as Segment).rows)
      break;
    chosen.push(segment);
    rows += segment.rows;
  }
  return chosen.length >= (isOver ? 2 : minSegments) ? chosen : [];
}

export class Compactor {
  readonly #db: Database.Database;
  readonly #folder: string;
  readonly #bounds: CompactionBounds;
  readonly #manifest: Manifest;
  readonly #ring: KeyRing;

  /** A connection that may write to the journal's database, and the folder of segments. */
  constructor(
    db: Database.Database,
    folder: string,
    ring: KeyRing = noKeyRing,
    bounds: CompactionBounds = compactionBounds,
  ) {
    this.#db = db;
    this.#folder = folder;
    this.#bounds = bounds;
    this.#manifest = new Manifest(db);
    this.#ring = ring;
  }

  /**
   * Merges once where it is worth it, else writes one segment again that is not under the key in force. Undefined when
   * there is nothing to do; throws when the disk refuses.
   */
  step(nowUs: number): Segment | undefined {
    const overBefore = Math.floor((nowUs - overAfterUs) / dayUs);
    for (const { type, day } of this.#places()) {
      const chosen = chooseMerge(this.#manifest.of(type, day), day < overBefore, this.#bounds);
      if (chosen.length > 0) return this.#merge(chosen, nowUs);
    }
    const stale = this.#manifest.notUnder(this.#ring.current?.id ?? null);
    return stale === undefined || !this.#ring.isInUse ? undefined : this.#merge([stale], nowUs);
  }

  #places(): readonly Candidate[] {
    const sql = `SELECT type, day FROM segment WHERE rows < ? GROUP BY type, day HAVING count(*) > 1
      ORDER BY count(*) DESC`;
    return this.#db.prepare(sql).all(this.#bounds.fullRows) as Candidate[];
  }

  #merge(segments: readonly Segment[], nowUs: number): Segment {
    const [{ type, day }] = segments as [Segment];
    const path = segmentPath(type, day, `${nowUs}-merged`);
    const file = join(this.#folder, path);
    const unfinished = `${file}${unfinishedSuffix}`;
    const key = this.#ring.current;
    try {
      this.#write(segments, unfinished, key);
      renameSync(unfinished, file);
      syncFolder(dirname(file));
      const merged = {
        ...{ type, day, path },
        rows: segments.reduce((sum, { rows }) => sum + rows, 0),
        sizeBytes: statSync(file).size,
        minTime: Math.min(...segments.map(({ minTime }) => minTime)),
        maxTime: Math.max(...segments.map(({ maxTime }) => maxTime)),
        // The age of the youngest.
        sealedAt: Math.max(...segments.map(({ sealedAt }) => sealedAt)),
        key: key?.id ?? null,
      };
      this.#db
        .transaction(() => {
          this.#manifest.remove(segments, nowUs);
          this.#manifest.add(merged);
        })
        .immediate();
      return { ...merged, id: 0 };
    } catch (error) {
      rmSync(unfinished, { force: true });
      rmSync(file, { force: true });
      throw error;
    }
  }

  /** Row groups that are large enough are taken as they are; small ones are put together into larger ones. */
  #write(segments: readonly Segment[], to: string, key: Key | undefined): void {
    const keyFor: KeyFor = (id = '') => this.#ring.byId(id);
    // One after another as they are, which is nearly by time: sorting again would take the memory of all of them.
    const footers = segments
      .toSorted((a, b) => a.minTime - b.minTime)
      .map(({ path }) => readFooter(join(this.#folder, path), keyFor));
    const rows = footers.reduce((sum, footer) => sum + footer.rows, 0);
    const groups = footers.reduce((sum, footer) => sum + footer.groups.length, 0);
    const isWorthEncoding = footers.length > 1 && rows < groups * leastGroupRows;
    if (!isWorthEncoding && areAlike(footers)) concatenate(footers, to, key);
    else {
      const { type } = segments[0] as Segment;
      rewrite(footers, to, { type, groupRows: rowGroupRows, key, keyFor });
    }
  }
}
