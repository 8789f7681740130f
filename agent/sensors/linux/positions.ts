import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readText, writeText } from '#shared/files.ts';

/** Sources whose position is kept. */
const maxSources = 1024;
const maxFileBytes = 1024 * 1024;

type Stored = Readonly<Record<string, unknown>>;

/**
 * Where readers of logs stand, in a file, so that a restart goes on where the last run stopped. What is written was
 * taken one interval before: events on the way to the outbox when the agent is killed are told again rather than
 * lost. After an orderly stop nothing is told again.
 */
export class Positions {
  readonly #path: string | undefined;
  readonly #intervalMs: number;
  readonly #stored: Stored;
  readonly #readers = new Map<string, () => unknown>();
  /** Last positions of readers that ended. */
  readonly #left = new Map<string, unknown>();
  #taken: string | undefined;
  #takenAtMs = 0;
  #written = '';
  /** The last failure to write, in words. */
  problem: string | undefined;

  /** Without a folder nothing is remembered. `intervalMs` must be longer than events take to the outbox. */
  constructor(folder: string | undefined, intervalMs: number) {
    const path = folder === undefined ? undefined : join(folder, 'positions.json');
    this.#path = path;
    this.#intervalMs = intervalMs;
    this.#stored = path === undefined ? {} : storedIn(path);
  }

  /** What an earlier reader or run left under the name, as it was in the file: to be checked by who asks. */
  storedOf(name: string): unknown {
    if (this.#left.has(name)) return this.#left.get(name);
    return Object.hasOwn(this.#stored, name) ? this.#stored[name] : undefined;
  }

  /** Keeps what `read` gives under the name from now on. Gives the function that ends it. */
  track(name: string, read: () => unknown): () => void {
    const known = this.#readers.size + this.#left.size;
    if (known < maxSources || this.#left.has(name)) this.#readers.set(name, read);
    return () => {
      if (this.#readers.get(name) !== read) return;
      this.#left.set(name, read());
      this.#readers.delete(name);
    };
  }

  /** To be called now and then. */
  tick(): void {
    const nowMs = Date.now();
    if (this.#path === undefined || Math.abs(nowMs - this.#takenAtMs) < this.#intervalMs) return;
    if (this.#taken !== undefined) this.#write(this.#taken);
    this.#taken = this.#snapshot();
    this.#takenAtMs = nowMs;
  }

  /** Writes where every reader stands, or stood when it ended: for an orderly stop. */
  save(): void {
    if (this.#path !== undefined) this.#write(this.#snapshot());
  }

  #snapshot(): string {
    const all: Record<string, unknown> = { ...this.#stored, ...Object.fromEntries(this.#left) };
    for (const [name, read] of this.#readers) {
      const position = read() ?? this.storedOf(name);
      if (position !== undefined) all[name] = position;
    }
    return JSON.stringify(all);
  }

  #write(text: string): void {
    if (this.#path === undefined || text === this.#written) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      writeText(this.#path, text);
      this.#written = text;
      this.problem = undefined;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }
}

/** Empty for a file that is missing, too long, unreadable or no JSON object. */
function storedIn(path: string): Stored {
  try {
    const text = readText(path) ?? '';
    const value: unknown = text.length > maxFileBytes ? undefined : JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Stored) : {};
  } catch {
    return {};
  }
}
