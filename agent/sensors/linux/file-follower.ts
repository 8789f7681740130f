import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

const chunkBytes = 64 * 1024;
/** Bytes read in one poll; a log that grows faster is caught up with over several. */
const maxBytesPerPoll = 8 * 1024 * 1024;

/**
 * Takes bytes from the begin of `chunk` and says how many; the rest comes again with what follows. Taking nothing
 * of a full chunk (64 KiB) skips it.
 */
export type Take = (chunk: Buffer) => number;

/**
 * Reads what is appended to a file, by polling. Begins at the end of a file that is there at the first poll, at the
 * begin of one that appears later. A file that was renamed away is read to its end before its successor is opened;
 * one that became shorter is read from the begin.
 */
export class FileFollower {
  readonly #path: string;
  readonly #unit: number;
  readonly #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  #fd = -1;
  #inode = 0;
  #device = 0;
  #position = 0;
  #polled = false;

  /** `unitBytes` is the size of a record: reading begins at a multiple of it. */
  constructor(path: string, unitBytes = 1) {
    this.#path = path;
    this.#unit = unitBytes;
  }

  /** True when the file was there and could be opened at the last poll. */
  get present(): boolean {
    return this.#fd >= 0;
  }

  /** Reads what has come. Never throws for what the file system does. */
  poll(take: Take): void {
    const first = !this.#polled;
    this.#polled = true;
    const found = statOf(this.#path);
    if (this.#fd >= 0) {
      this.#drain(take);
      if (found?.ino === this.#inode && found.dev === this.#device) return;
      this.close();
    }
    if (found?.isFile() !== true || !this.#open()) return;
    if (first) this.#position = found.size - (found.size % this.#unit);
    else this.#drain(take);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): boolean {
    try {
      this.#fd = openSync(this.#path, 'r');
      const { ino, dev } = fstatSync(this.#fd);
      this.#inode = ino;
      this.#device = dev;
      this.#position = 0;
      return true;
    } catch {
      return false;
    }
  }

  #drain(take: Take): void {
    try {
      if (fstatSync(this.#fd).size < this.#position) this.#position = 0;
      for (let total = 0; total < maxBytesPerPoll; ) {
        const got = readSync(this.#fd, this.#chunk, 0, chunkBytes, this.#position);
        if (got === 0) return;
        const taken = take(this.#chunk.subarray(0, got));
        const step = taken === 0 && got === chunkBytes ? got : taken;
        if (step === 0) return;
        this.#position += step;
        total += step;
      }
    } catch {
      this.close();
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Longest line given on; the rest of a longer one is left out. */
const maxLineBytes = 8 * 1024;

/**
 * Makes lines of chunks: calls `onLine` with each whole line, without its end, UTF-8 with invalid bytes as U+FFFD.
 * An unfinished line is left for the next chunk.
 */
export function linesOf(onLine: (line: string) => void): Take {
  let skipping = false;
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      if (!skipping) onLine(chunk.toString('utf8', from, Math.min(end, from + maxLineBytes)));
      skipping = false;
      from = end + 1;
    }
    if (from > 0 || chunk.length < chunkBytes) return from;
    if (!skipping) onLine(chunk.toString('utf8', 0, maxLineBytes));
    skipping = true;
    return chunk.length;
  };
}

/** Makes records of chunks: calls `onRecord` with each whole one, valid during the call. */
export function recordsOf(sizeBytes: number, onRecord: (record: Buffer) => void): Take {
  return (chunk) => {
    const whole = chunk.length - (chunk.length % sizeBytes);
    for (let at = 0; at < whole; at += sizeBytes) onRecord(chunk.subarray(at, at + sizeBytes));
    return whole;
  };
}
