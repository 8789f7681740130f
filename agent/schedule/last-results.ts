import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readText, writeText } from '#shared/files.ts';
import type { ScheduledQuery } from '#shared/query/schedule.ts';

/** What a query answered last. */
export interface LastResult {
  /** Microseconds since the epoch. */
  readonly at: number;
  /** Each row as JSON text. */
  readonly rows: readonly string[];
}

/** Another statement under the same name begins anew. */
function fileOf({ name, sql }: ScheduledQuery): string {
  return `${name}.${hash('sha256', sql).slice(0, 16)}.json`;
}

function isResult(value: unknown): value is LastResult {
  if (typeof value !== 'object' || value === null) return false;
  const { at, rows } = value as Record<string, unknown>;
  return Number.isSafeInteger(at) && Array.isArray(rows) && rows.every((row) => typeof row === 'string');
}

/**
 * The last answer of each scheduled query, one file each, replaced whole. How large each is, whoever writes bounds.
 * Throws `data.unreadable`.
 */
export class LastResults {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined for a query that never ran, and where the file is damaged: then it begins anew. */
  get(query: ScheduledQuery): LastResult | undefined {
    const text = readText(join(this.#folder, fileOf(query)));
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return isResult(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  set(query: ScheduledQuery, result: LastResult): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeText(join(this.#folder, fileOf(query)), JSON.stringify(result));
  }

  /** Forgets the answers of all other queries. */
  keepOnly(queries: readonly ScheduledQuery[]): void {
    const kept = new Set(queries.map(fileOf));
    for (const name of names(this.#folder))
      if (!kept.has(name)) rmSync(join(this.#folder, name), { force: true });
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
