import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes at the begin of a file that tell it from others. */
const headBytes = 256;
const chunkBytes = 64 * 1024;
/** Whoever owns the folder may put a pipe there, and open(2) would wait for its writer. Windows has no such flag. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Shared by all: reads are synchronous, and what is taken of a chunk is taken before the next read. */
const chunk = Buffer.allocUnsafeSlow(chunkBytes);

/** Where reading of a file stands, so that it is found again after a restart or under another name. */
export interface FilePosition {
  readonly inode: number;
  /** Bytes read. */
  readonly offset: number;
  /** How many of the first bytes `headHash` is over: at most 256, and never more than were read. */
  readonly headLength: number;
  /** SHA-256 of those, in hex. */
  readonly headHash: string;
}

/** A position as it was stored; undefined for anything else. */
export function positionIn(value: unknown): FilePosition | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { inode, offset, headLength, headHash } = value as Partial<Record<string, unknown>>;
  const counts = [inode, offset, headLength].every((n) => Number.isSafeInteger(n) && Number(n) >= 0);
  if (!counts || typeof headHash !== 'string') return undefined;
  return { inode: Number(inode), offset: Number(offset), headLength: Number(headLength), headHash };
}

/**
 * Takes bytes from the begin of `chunk`, which stands at `offset` in its file, and says how many; the rest comes
 * again with what follows. Taking nothing means that there is nothing whole yet.
 */
export type Take = (chunk: Buffer, offset: number) => number;

/** What reading is bound by, across the files of one source. */
export interface ReadBudget {
  /** Asked before each read. */
  more(): boolean;
  spend(bytes: number): void;
}

/** A log file held open and read from a position on. Methods throw what the file system does. */
export class OpenLog {
  readonly #fd: number;
  readonly inode: number;
  readonly device: number;
  offset = 0;
  /** True when all was read at the last drain, but for an unfinished end. */
  atEnd = false;
  #head: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#fd = openSync(path, openFlags);
    const { ino, dev } = fstatSync(this.#fd);
    this.inode = ino;
    this.device = dev;
  }

  get sizeBytes(): number {
    return fstatSync(this.#fd).size;
  }

  /** Whether the file is as far as it was read: not shorter, and with the same first bytes. */
  isContinued(): boolean {
    if (this.sizeBytes < this.offset) return false;
    const length = this.#head.length;
    return readSync(this.#fd, chunk, 0, length, 0) === length && this.#head.equals(chunk.subarray(0, length));
  }

  /** Whether this is the file of the position, by its first bytes. */
  matches({ offset, headLength, headHash }: FilePosition): boolean {
    if (this.sizeBytes < offset || headLength > headBytes) return false;
    const got = readSync(this.#fd, chunk, 0, headLength, 0);
    return got === headLength && hashOf(chunk.subarray(0, headLength)) === headHash;
  }

  seek(offset: number): void {
    this.offset = offset;
    this.#learnHead();
  }

  /** From the begin, as another file. */
  restart(): void {
    this.offset = 0;
    this.#head = Buffer.alloc(0);
  }

  get position(): FilePosition {
    const { inode, offset } = this;
    return { inode, offset, headLength: this.#head.length, headHash: hashOf(this.#head) };
  }

  /** Gives what can be read to `take`. True when all of it was read, but for what `take` left as unfinished. */
  drain(take: Take, budget: ReadBudget): boolean {
    this.atEnd = false;
    while (budget.more()) {
      const got = readSync(this.#fd, chunk, 0, chunkBytes, this.offset);
      const taken = got === 0 ? 0 : take(chunk.subarray(0, got), this.offset);
      if (taken === 0) {
        this.atEnd = budget.more();
        break;
      }
      this.seek(this.offset + taken);
      budget.spend(taken);
    }
    return this.atEnd;
  }

  /** Moves on to behind the last line end before `offset`, or to it, and gives the number of line ends passed. */
  skipTo(offset: number): number {
    let lines = 0;
    let lineAt = -1;
    let at = this.offset;
    while (at < offset) {
      const got = readSync(this.#fd, chunk, 0, Math.min(chunkBytes, offset - at), at);
      if (got === 0) break;
      const found = chunk.subarray(0, got);
      for (let end = found.indexOf(0x0a); end >= 0; end = found.indexOf(0x0a, end + 1)) {
        lines++;
        lineAt = at + end + 1;
      }
      at += got;
    }
    this.seek(lineAt < 0 ? at : lineAt);
    return lines;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #learnHead(): void {
    const length = Math.min(headBytes, this.offset);
    if (this.#head.length >= length) return;
    const head = Buffer.allocUnsafeSlow(length);
    const got = readSync(this.#fd, head, 0, length, 0);
    this.#head = head.subarray(0, got);
  }
}

function hashOf(bytes: Buffer): string {
  return hash('sha256', bytes);
}
