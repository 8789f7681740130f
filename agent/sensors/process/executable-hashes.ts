import { createHash } from 'node:crypto';
import { type BigIntStats, constants, readlinkSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Larger programs are not hashed. */
const maxFileBytes = 256 * 1024 * 1024;
/** Distinct files whose hash is remembered. */
const maxKnown = 4096;
/** Files that wait to be hashed. */
const maxWaiting = 1024;
/** Each chunk wakes the agent three times, and holds it up for half a millisecond. */
const chunkBytes = 256 * 1024;
/** Rest after each chunk, so that hashing reads some 30 MB/s at most: about a thirtieth of a processor. */
const restMs = 8;
/** A pipe may have taken the file's place, which must not hold up who opens it. Windows has no such flag. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const deletedSuffix = ' (deleted)';

/** A program's file, and the ways to it. */
export interface ProgramFile {
  /** Its path; undefined where another file may be had under that name. */
  readonly path: string | undefined;
  /** The link to it that the system keeps for the process that runs it, while it does; undefined where there is none. */
  readonly link: { readonly at: string; readonly target: string } | undefined;
}

export interface HashedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Microseconds since the epoch. */
  readonly mtimeAt: number;
  readonly inode: string;
}

interface Waiting {
  readonly identity: BigIntStats;
  readonly file: ProgramFile;
  readonly done: (file: HashedFile) => void;
}

/**
 * SHA-256 of program files: each distinct file (device, inode, size, times of change) once, one after the other
 * and slowly. What is hashed is the file that ran: one that has changed by its turn is left out.
 */
export class ExecutableHashes {
  /** Undefined while the file waits, or could not be had. */
  readonly #known = new Map<string, string | undefined>();
  readonly #waiting: Waiting[] = [];
  /**
   * What the files at these paths are, looked at in this turn of the event loop. Many programs are told of in one turn,
   * each of which began before it, and often one file runs in all of them.
   */
  readonly #seen = new Map<string, BigIntStats | undefined>();
  #work: Promise<void> | undefined;
  #ended = false;
  /** Files that were not hashed: too large, gone before their turn, or no room for them. */
  skipped = 0;

  /**
   * The hash of the file, where it is known. Else undefined, and `done` is told once it is, unless the file waits
   * already for another, or cannot be had. What `isNew` goes before what was running already.
   */
  of(file: ProgramFile, isNew: boolean, done: (file: HashedFile) => void): string | undefined {
    const identity = this.#identityOf(file);
    if (identity === undefined) return undefined;
    const key = keyOf(identity);
    if (this.#known.has(key)) return this.#known.get(key);
    if (identity.size > maxFileBytes || this.#waiting.length >= maxWaiting) {
      this.skipped++;
      return undefined;
    }
    this.#remember(key, undefined);
    if (isNew) this.#waiting.unshift({ identity, file, done });
    else this.#waiting.push({ identity, file, done });
    this.#work ??= this.#hashAll();
    return undefined;
  }

  /** Stops; nobody is told after it resolves. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  /** What tells the file from others; undefined when it cannot be seen or is no regular file. */
  #identityOf({ link, path }: ProgramFile): BigIntStats | undefined {
    const linked = link && statOf(link.at);
    // Asked after the file was: the process may run another program by now.
    if (linked !== undefined && link !== undefined && leadsTo(link.at, link.target)) return linked;
    return path === undefined ? undefined : this.#look(path);
  }

  #look(path: string): BigIntStats | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    if (this.#seen.size === 0) setImmediate(() => this.#seen.clear());
    const stat = statOf(path);
    if (this.#seen.size < maxKnown) this.#seen.set(path, stat);
    return stat;
  }

  async #hashAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined && !this.#ended; next = this.#waiting.shift()) {
      const file = await this.#hash(next);
      if (file === undefined) this.skipped++;
      else if (!this.#ended) {
        this.#remember(keyOf(next.identity), file.sha256);
        next.done(file);
      }
    }
    this.#work = undefined;
  }

  async #hash({ identity, file }: Waiting): Promise<HashedFile | undefined> {
    for (const path of [file.link?.at, file.path]) {
      if (path === undefined) continue;
      try {
        await using handle = await open(path, openFlags);
        const isSame = async () =>
          isUnchanged(identity, await handle.stat({ bigint: true }), path === file.link?.at);
        if (!(await isSame())) continue;
        const sha256 = await this.#read(handle, Number(identity.size));
        if (this.#ended || !(await isSame())) return undefined;
        return {
          sha256,
          sizeBytes: Number(identity.size),
          mtimeAt: Number(identity.mtimeNs / 1000n),
          inode: String(identity.ino),
        };
      } catch {
        // Gone, or not to be read: the next path may do.
      }
    }
    return undefined;
  }

  async #read(handle: FileHandle, sizeBytes: number): Promise<string> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let left = sizeBytes; left > 0 && !this.#ended; ) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      left -= bytesRead;
      if (left > 0) await sleep(restMs);
    }
    return hash.digest('hex');
  }

  #remember(key: string, sha256: string | undefined): void {
    this.#known.delete(key);
    this.#known.set(key, sha256);
    if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value ?? key);
  }
}

/** The time of change of its entry is in it, as that of its content can be set back (utimensat(2)). */
function keyOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/**
 * Whether it is the same file with the same content. Removing the last name of a file changes its entry as writing
 * does; where it is had through the process that runs it, whose program nobody can write (ETXTBSY of open(2)), that
 * counts for nothing: programs that remove themselves are hashed too.
 */
function isUnchanged(before: BigIntStats, now: BigIntStats, isRunning: boolean): boolean {
  const { dev, ino, size, mtimeNs, ctimeNs } = before;
  const isSame = now.dev === dev && now.ino === ino && now.size === size && now.mtimeNs === mtimeNs;
  return isSame && (now.ctimeNs === ctimeNs || (isRunning && now.nlink === 0n));
}

function statOf(path: string): BigIntStats | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isFile() ? stat : undefined;
  } catch {
    return undefined;
  }
}

function leadsTo(link: string, target: string): boolean {
  try {
    const found = readlinkSync(link);
    return found === target || found === `${target}${deletedSuffix}`;
  } catch {
    return false;
  }
}
