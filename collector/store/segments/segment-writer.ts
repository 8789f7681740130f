/** Writes one segment: a file that is whole on the disk, under its final name, before anybody is told of it. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Key } from '../../encryption/key-ring.ts';
import { type ColumnSpec, ParquetFile } from './parquet/file.ts';
import type { Gathered } from './parquet/gathered.ts';

/** What a file is called while it is written. */
export const unfinishedSuffix = '.unfinished';

export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the folder and syncs the ones it had to be made in. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at));
}

export class SegmentWriter {
  readonly #fd: number;
  readonly #parquet: ParquetFile;
  readonly #unfinished: string;
  readonly #final: string;
  /** Relative to the folder of segments. */
  readonly path: string;
  rows = 0;
  minTime = Number.POSITIVE_INFINITY;
  maxTime = Number.NEGATIVE_INFINITY;

  constructor(folder: string, path: string, specs: readonly ColumnSpec[], key?: Key) {
    this.path = path;
    this.#final = join(folder, path);
    this.#unfinished = `${this.#final}${unfinishedSuffix}`;
    makeFolder(dirname(this.#final));
    this.#fd = openSync(this.#unfinished, 'w', 0o600);
    this.#parquet = new ParquetFile(specs, key);
  }

  get sizeBytes(): number {
    return this.#parquet.sizeBytes;
  }

  /** Rows in `order`, which is by time; `times` by row. */
  add(columns: readonly Gathered[], order: Uint32Array, times: Float64Array): void {
    this.#write(this.#parquet.rowGroup(columns, order));
    this.rows += order.length;
    this.minTime = Math.min(this.minTime, times[order[0] as number] as number);
    this.maxTime = Math.max(this.maxTime, times[order.at(-1) as number] as number);
  }

  finish(notes: Readonly<Record<string, string>>): void {
    this.#write(this.#parquet.finish(notes));
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    renameSync(this.#unfinished, this.#final);
    syncFolder(dirname(this.#final));
  }

  /** Nothing is left of it. */
  abandon(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // It was closed when it was finished.
    }
    rmSync(this.#unfinished, { force: true });
    rmSync(this.#final, { force: true });
  }

  #write(parts: readonly Buffer[]): void {
    for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(this.#fd, part, at);
  }
}
