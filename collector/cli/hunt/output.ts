/** Where rows of a hunt go, and in which form. */

import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { csvLine } from '#shared/csv.ts';
import { VedetteError } from '#shared/errors.ts';
import { printable } from '#shared/terminal.ts';

/** Something to write into: a file of `--output`, which is there whole or not at all, or the standard output. */
export class Output {
  readonly #path: string | undefined;
  readonly #stream: Writable;
  #failure: Error | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    this.#stream = path === undefined ? process.stdout : createWriteStream(path, { mode: 0o600 });
    if (path !== undefined)
      this.#stream.on('error', (error) => {
        this.#failure = new VedetteError('data.unreadable', `${path}: ${error.message}.`, { cause: error });
      });
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#stream.write(data)) await Promise.race([once(this.#stream, 'drain'), this.#broken()]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #broken(): Promise<void> {
    return new Promise((resolve) => this.#stream.once('error', () => resolve()));
  }

  async end(): Promise<void> {
    if (this.#path === undefined) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.end();
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Half a file is no result. */
  discard(): void {
    if (this.#path === undefined) return;
    this.#stream.destroy();
    rmSync(this.#path, { force: true });
  }
}

export const rowFormats = ['jsonl', 'csv'] as const;

/** What makes the text of a row for a person's tools. */
export function rowText(
  format: (typeof rowFormats)[number],
  names: readonly string[],
): (row: readonly unknown[]) => string {
  if (format === 'csv') return csvLine;
  return (row) => `${JSON.stringify(objectOf(names, row))}\n`;
}

export function objectOf(names: readonly string[], row: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, i) => [name, row[i]]));
}

/** One cell of a table. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
