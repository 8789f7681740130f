import { closeSync, openSync } from 'node:fs';
import type { NeededText } from '../../contract.ts';
import { passesFilter } from '../../segments/parquet/bloom.ts';
import { readRowGroups } from '../../segments/parquet/read/row-groups.ts';
import type { SegmentFile } from './snapshot.ts';

/** Most files of which it is remembered where their filters are. */
const maxFiles = 20_000;

/** By column: the filter of each row group; none where some row group has no filter. */
type Places = ReadonlyMap<string, readonly number[]>;

/** Which segments cannot hold a text, whatever its case. The engine itself looks at filters for exact values only. */
export class FileBlooms {
  readonly #known = new Map<string, Places>();

  /** True also where nothing is known: of encrypted files, and of those without such filters. */
  canHold({ path, type, key }: SegmentFile, needed: readonly NeededText[]): boolean {
    const ofType = needed.filter((one) => one.type === type);
    if (key !== null || ofType.length === 0) return true;
    try {
      const fd = openSync(path, 'r');
      try {
        const places = this.#placesOf(fd, path);
        return ofType.every(({ column, text }) => {
          const filters = places.get(column);
          const value = Buffer.from(text);
          return filters === undefined || filters.some((at) => passesFilter(fd, at, value));
        });
      } finally {
        closeSync(fd);
      }
    } catch {
      // What cannot be read is told by whoever reads all of it.
      return true;
    }
  }

  #placesOf(fd: number, path: string): Places {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const places = new Map<string, number[]>();
    const without = new Set<string>();
    for (const { chunks } of readRowGroups(fd, path, refuseKey)) {
      for (const [name, { foldedBloomAt, nulls, values }] of chunks) {
        if (foldedBloomAt !== undefined) places.set(name, [...(places.get(name) ?? []), foldedBloomAt]);
        // A column without values has no filter, and holds nothing.
        else if (nulls !== values) without.add(name);
      }
    }
    for (const name of without) places.delete(name);
    if (this.#known.size >= maxFiles) this.#known.clear();
    this.#known.set(path, places);
    return places;
  }
}

function refuseKey(): never {
  throw new Error('the file is encrypted');
}
