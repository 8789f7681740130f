import { createHash } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Larger programs are not hashed. */
const maxFileBytes = 256 * 1024 * 1024;
/** Distinct files whose hash is remembered. */
const maxKnown = 4096;
/** Files that wait to be hashed. */
const maxWaiting = 1024;
const chunkBytes = 128 * 1024;
/** Rest after each chunk, so that hashing reads some 30 MB/s at most: about a thirtieth of a processor. */
const restMs = 4;

export interface HashedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Microseconds since the epoch. */
  readonly mtimeAt: number;
  readonly inode: string;
}

interface Waiting {
  readonly key: string;
  /** Where the file is had: through the process that runs it, and under its name once that is gone. */
  readonly paths: readonly string[];
  readonly done: (file: HashedFile) => void;
}

/**
 * SHA-256 of program files: each distinct file (device, inode, size and time of change) once, one after the other
 * and slowly. What is hashed is the file that ran: one that has changed by its turn is left out.
 */
export class ExecutableHashes {
  /** Undefined while the file waits, or could not be had. */
  readonly #known = new Map<string, string | undefined>();
  readonly #waiting: Waiting[] = [];
  #work: Promise<void> | undefined;
  #ended = false;
  /** Files that were not hashed: too large, gone before their turn, or no room for them. */
  skipped = 0;

  /**
   * The hash of the file, where it is known. Else undefined, and `done` is told once it is, unless the file waits
   * already for another, or cannot be had. `paths` are tried one after the other. What `isNew` goes before what was
   * running already.
   */
  of(paths: readonly string[], isNew: boolean, done: (file: HashedFile) => void): string | undefined {
    const [key, size] = identityOf(paths) ?? [];
    if (key === undefined || size === undefined) return undefined;
    if (this.#known.has(key)) return this.#known.get(key);
    if (size > maxFileBytes || this.#waiting.length >= maxWaiting) {
      this.skipped++;
      return undefined;
    }
    this.#remember(key, undefined);
    if (isNew) this.#waiting.unshift({ key, paths, done });
    else this.#waiting.push({ key, paths, done });
    this.#work ??= this.#hashAll();
    return undefined;
  }

  /** Stops; nobody is told after it resolves. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  async #hashAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined && !this.#ended; next = this.#waiting.shift()) {
      const file = await this.#hash(next);
      if (file === undefined) this.skipped++;
      else if (!this.#ended) {
        this.#remember(next.key, file.sha256);
        next.done(file);
      }
    }
    this.#work = undefined;
  }

  async #hash({ key, paths }: Waiting): Promise<HashedFile | undefined> {
    for (const path of paths) {
      try {
        await using handle = await open(path, 'r');
        const stat = await handle.stat({ bigint: true });
        if (keyOf(stat) !== key) continue;
        const hash = createHash('sha256');
        const buffer = Buffer.allocUnsafe(chunkBytes);
        for (let left = Number(stat.size); left > 0 && !this.#ended; ) {
          const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
          if (bytesRead === 0) break;
          hash.update(buffer.subarray(0, bytesRead));
          left -= bytesRead;
          if (left > 0) await sleep(restMs);
        }
        if (this.#ended || keyOf(await handle.stat({ bigint: true })) !== key) return undefined;
        return {
          sha256: hash.digest('hex'),
          sizeBytes: Number(stat.size),
          mtimeAt: Number(stat.mtimeNs / 1000n),
          inode: String(stat.ino),
        };
      } catch {
        // Gone, or not to be read: the next path may do.
      }
    }
    return undefined;
  }

  #remember(key: string, sha256: string | undefined): void {
    this.#known.delete(key);
    this.#known.set(key, sha256);
    if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value ?? key);
  }
}

function keyOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** What tells the file from others, and its size in bytes; undefined when it cannot be seen or is no regular file. */
function identityOf(paths: readonly string[]): readonly [key: string, sizeBytes: number] | undefined {
  for (const path of paths) {
    try {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat?.isFile()) return [keyOf(stat), Number(stat.size)];
    } catch {
      // Not to be seen: the next path may do.
    }
  }
  return undefined;
}
