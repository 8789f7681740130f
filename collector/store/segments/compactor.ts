/** Merges small segments of one type and day into larger ones, so that a question opens few files. */
import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type Database from 'better-sqlite3';
import { type Key, type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { Manifest, type Segment } from './manifest.ts';
import { areAlike, concatenate } from './parquet/concatenate.ts';
import { passingKey } from './parquet/crypto.ts';
import { type Footer, readFooter } from './parquet/footer.ts';
import { segmentPath } from './sealer.ts';
import { syncFolder, unfinishedSuffix } from './segment-writer.ts';
import { dayUs, rowGroupRows } from './type-gatherer.ts';

export interface CompactionBounds {
  /** Segments with as many rows are left as they are. */
  readonly fullRows: number;
  /** So many small ones of one place are worth merging; of a day that is over, two are. */
  readonly minSegments: number;
  readonly memoryMib: number;
}

export const compactionBounds: CompactionBounds = {
  fullRows: 8 * rowGroupRows,
  minSegments: 8,
  memoryMib: 256,
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
  #duck: DuckDBConnection | undefined;

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
  async step(nowUs: number): Promise<Segment | undefined> {
    const overBefore = Math.floor((nowUs - overAfterUs) / dayUs);
    for (const { type, day } of this.#places()) {
      const chosen = chooseMerge(this.#manifest.of(type, day), day < overBefore, this.#bounds);
      if (chosen.length > 0) return await this.#merge(chosen, nowUs);
    }
    const stale = this.#manifest.notUnder(this.#ring.current?.id ?? null);
    return stale === undefined || !this.#ring.isInUse ? undefined : await this.#merge([stale], nowUs);
  }

  #places(): readonly Candidate[] {
    const sql = `SELECT type, day FROM segment WHERE rows < ? GROUP BY type, day HAVING count(*) > 1
      ORDER BY count(*) DESC`;
    return this.#db.prepare(sql).all(this.#bounds.fullRows) as Candidate[];
  }

  async #merge(segments: readonly Segment[], nowUs: number): Promise<Segment> {
    const [{ type, day }] = segments as [Segment];
    const path = segmentPath(type, day, `${nowUs}-merged`);
    const file = join(this.#folder, path);
    const unfinished = `${file}${unfinishedSuffix}`;
    const key = this.#ring.current;
    try {
      await this.#write(segments, unfinished, key);
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
  async #write(segments: readonly Segment[], to: string, key: Key | undefined): Promise<void> {
    // One after another as they are, which is nearly by time: sorting again would take the memory of all of them.
    const footers = segments
      .toSorted((a, b) => a.minTime - b.minTime)
      .map(({ path }) => readFooter(join(this.#folder, path), (id = '') => this.#ring.byId(id)));
    const rows = footers.reduce((sum, footer) => sum + footer.rows, 0);
    const groups = footers.reduce((sum, footer) => sum + footer.groups.length, 0);
    const isWorthEncoding = footers.length > 1 && rows < groups * leastGroupRows;
    if (!isWorthEncoding && areAlike(footers)) concatenate(footers, to, key);
    else {
      // Written once more from here: only whoever wrote a file is told for certain that a part of it was not kept.
      const encoded = `${to}.encoded${unfinishedSuffix}`;
      try {
        concatenate([await this.#encode(footers, encoded)], to, key);
      } finally {
        rmSync(encoded, { force: true });
      }
    }
  }

  /** Nothing that is encrypted is written in the clear on the way. */
  async #encode(footers: readonly Footer[], to: string): Promise<Footer> {
    this.#duck ??= await open(this.#bounds.memoryMib);
    const passing = this.#ring.isInUse ? passingKey() : undefined;
    const sources: string[] = [];
    for (const { path, key } of footers) {
      if (key !== undefined) await addKey(this.#duck, key);
      sources.push(
        `SELECT * FROM read_parquet(${text(path)}${key === undefined ? '' : `, ${configOf(key)}`})`,
      );
    }
    const options = [
      'FORMAT parquet',
      'COMPRESSION zstd',
      `ROW_GROUP_SIZE ${rowGroupRows}`,
      'PARQUET_VERSION v2',
    ];
    if (passing !== undefined) {
      await addKey(this.#duck, passing);
      options.push(`ENCRYPTION_CONFIG {footer_key: ${text(passing.id)}}`);
    }
    const copied = await this.#duck.runAndReadAll(
      `COPY (${sources.join(' UNION ALL BY NAME ')}) TO ${text(to)} (${options.join(', ')})`,
    );
    const rows = Number(copied.getRows()[0]?.[0]);
    const expected = footers.reduce((sum, footer) => sum + footer.rows, 0);
    if (rows !== expected) throw new Error(`${rows} rows were merged of ${expected}`);
    return readFooter(to, () => passing as Key);
  }

  close(): void {
    this.#duck?.closeSync();
  }
}

/** As a literal of SQL. */
function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

const configOf = (key: Key) => `encryption_config = {footer_key: ${text(key.id)}}`;

async function addKey(duck: DuckDBConnection, { id, bytes }: Key): Promise<void> {
  await duck.run(`PRAGMA add_parquet_key(${text(id)}, ${text(bytes.toString('base64'))})`);
}

/** Loaded when there is something to merge: it takes memory that a small store never needs. */
async function open(memoryMib: number): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${memoryMib}MiB`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Its nonces come from a generator that is not meant for keys; the only key it writes with is ours, and for one file.
    force_mbedtls_unsafe: 'true',
  });
  return await instance.connect();
}
