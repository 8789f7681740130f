import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Pace } from '../pace.ts';
import { systemPath } from './names.ts';

/** Files up to this are read at once; larger ones in the background. */
export const inlineBytes = 64 * 1024;
const chunkBytes = 128 * 1024;
/** Reads in the background that wait; beyond it files are reported without a hash. */
export const maxWaiting = 2048;

/** Never follows a link, and never waits for the other end of a pipe that took the file's place. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface HashLimits {
  /** Larger files are not hashed. */
  readonly maxBytes: number;
  /** What reading in the background may take. */
  readonly bytesPerSecond: number;
}

/** SHA-256 of files: small ones at once, larger ones one after the other within a budget of bytes. */
export class ContentHash {
  readonly #limits: HashLimits;
  /** One byte more than is allowed, so that a file that grows meanwhile shows. */
  readonly #buffer = Buffer.allocUnsafeSlow(inlineBytes + 1);
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #skipped = 0;
  readonly #pace: Pace;

  constructor(limits: HashLimits) {
    this.#limits = limits;
    this.#pace = new Pace(limits.bytesPerSecond);
  }

  /** Files given up because too many waited. */
  get skipped(): number {
    return this.#skipped;
  }

  wants(sizeBytes: number): boolean {
    return sizeBytes <= this.#limits.maxBytes;
  }

  /** Hex digest of a file of at most `inlineBytes`; undefined when it is larger, no file, or cannot be read. */
  now(path: string): string | undefined {
    let fd: number;
    try {
      fd = openSync(systemPath(path), flags);
    } catch {
      return undefined;
    }
    try {
      const found = fstatSync(fd);
      if (!found.isFile() || found.size > inlineBytes) return undefined;
      let length = 0;
      while (length <= inlineBytes) {
        const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        if (got === 0) break;
        length += got;
      }
      if (length > inlineBytes) return undefined;
      return createHash('sha256').update(this.#buffer.subarray(0, length)).digest('hex');
    } catch {
      return undefined;
    } finally {
      closeSync(fd);
    }
  }

  /** The same for larger files, in their turn. Resolves to undefined when too many wait, and when closed. */
  later(path: string): Promise<string | undefined> {
    if (this.#waiting >= maxWaiting) {
      this.#skipped++;
      return Promise.resolve(undefined);
    }
    this.#waiting++;
    const done = this.#queue.then(() => this.#streamed(path));
    this.#queue = done;
    return done.finally(() => this.#waiting--);
  }

  /** Ends the reads; resolves when none is under way. */
  async close(): Promise<void> {
    this.#pace.close();
    await this.#queue;
  }

  async #streamed(path: string): Promise<string | undefined> {
    let file: FileHandle | undefined;
    try {
      file = await open(systemPath(path), flags);
      if (!(await file.stat()).isFile()) return undefined;
      const hash = createHash('sha256');
      const chunk = Buffer.allocUnsafe(chunkBytes);
      for (let total = 0; ; ) {
        await this.#pace.spend(chunkBytes);
        const { bytesRead } = await file.read(chunk, 0, chunkBytes);
        if (bytesRead === 0) return hash.digest('hex');
        total += bytesRead;
        if (!this.wants(total)) return undefined;
        hash.update(chunk.subarray(0, bytesRead));
      }
    } catch {
      return undefined;
    } finally {
      await file?.close().catch(() => {});
    }
  }
}
