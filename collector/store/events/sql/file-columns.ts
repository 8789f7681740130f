import type { DuckDBConnection } from '@duckdb/node-api';
import type { SegmentFile } from './snapshot.ts';
import { quoteText } from './views.ts';

/** Most files whose columns are remembered. */
const maxFiles = 100_000;
/** Files looked at by one statement. */
const askedAtOnce = 500;

/** Which columns segments have. They never change, so each file is looked at once. */
export class FileColumns {
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** Sets that are alike are one. */
  readonly #sets = new Map<string, ReadonlySet<string>>();

  /** By path. */
  async of(
    segments: readonly SegmentFile[],
    connection: DuckDBConnection,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const missing = segments.filter(({ path }) => !this.#known.has(path));
    if (this.#known.size + missing.length > maxFiles) this.#known.clear();
    for (let at = 0; at < missing.length; at += askedAtOnce)
      await this.#look(missing.slice(at, at + askedAtOnce), connection);
    return this.#known;
  }

  async #look(segments: readonly SegmentFile[], connection: DuckDBConnection): Promise<void> {
    const paths = segments.map(({ path }) => quoteText(path)).join(', ');
    const reader = await connection.runAndReadAll(
      `SELECT file_name, string_agg(name, ',' ORDER BY name) FROM parquet_schema([${paths}]) GROUP BY file_name`,
    );
    for (const [path, names] of reader.getRows()) {
      const key = String(names);
      const set = this.#sets.get(key) ?? new Set(key.split(','));
      this.#sets.set(key, set);
      this.#known.set(String(path), set);
    }
  }
}
