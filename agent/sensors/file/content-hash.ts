import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** What reading in the background may take; as much again may be taken at once after a rest. */
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
  readonly #ending = new AbortController();
  /** Bytes that may be read now; below zero it must rest. */
  #budget: number;
  #budgetAtMs = performance.now();

  constructor(limits: HashLimits) {
    this.#limits = limits;
    this.#budget = limits.bytesPerSecond;
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
    this.#ending.abort();
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
        await this.#rest();
        const { bytesRead } = await file.read(chunk, 0, chunkBytes);
        if (bytesRead === 0) return hash.digest('hex');
        total += bytesRead;
        if (!this.wants(total)) return undefined;
        hash.update(chunk.subarray(0, bytesRead));
        this.#budget -= bytesRead;
      }
    } catch {
      return undefined;
    } finally {
      await file?.close().catch(() => {});
    }
  }

  /** Waits until the budget allows a read. Rejects when closed. */
  async #rest(): Promise<void> {
    const { bytesPerSecond } = this.#limits;
    const nowMs = performance.now();
    const gained = ((nowMs - this.#budgetAtMs) / 1000) * bytesPerSecond;
    this.#budget = Math.min(this.#budget + gained, bytesPerSecond);
    this.#budgetAtMs = nowMs;
    const { signal } = this.#ending;
    signal.throwIfAborted();
    if (this.#budget < 0) await sleep((-this.#budget / bytesPerSecond) * 1000, undefined, { signal });
  }
}
