import { closeSync, openSync, readSync } from 'node:fs';
import { withoutStack } from './without-stack.ts';

/** Files under /proc and /sys are hardly ever larger. */
const firstBytes = 16 * 1024;

/**
 * Reads small kernel files into one buffer that every read reuses, and that grows when a file needs it. Synchronous
 * on purpose: files under /proc and /sys are answered from memory, and a trip through the thread pool costs more
 * than the read.
 */
export class BoundedFile {
  readonly #maxBytes: number;
  #buffer: Buffer;

  /** `maxBytes` is the most a read can give. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(firstBytes, maxBytes));
  }

  /** Holds what was read last, until the next read. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /**
   * Bytes read from the begin of the file, at most as many as a read can give; -1 when it cannot be opened or read
   * (gone, no right, a directory). The bytes hold until the next read.
   */
  read(path: string): number {
    const fd = openNow(path);
    if (fd < 0) return -1;
    try {
      let length = 0;
      while (length < this.#buffer.length || this.#grow(length)) {
        const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        if (got === 0) break;
        length += got;
      }
      return length;
    } catch {
      return -1;
    } finally {
      closeSync(fd);
    }
  }

  /** As `read`, with one system call less: for files of /proc that give all they have to the first read. */
  readOnce(path: string): number {
    const fd = openNow(path);
    if (fd < 0) return -1;
    try {
      let length = readFrom(fd, this.#buffer);
      while (length === this.#buffer.length && this.#grow(length)) length = readFrom(fd, this.#buffer);
      return length;
    } catch {
      return -1;
    } finally {
      closeSync(fd);
    }
  }

  /** Makes room for more, with the bytes read so far; false when there may not be more. */
  #grow(length: number): boolean {
    if (this.#buffer.length >= this.#maxBytes) return false;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#buffer.length * 4, this.#maxBytes));
    this.#buffer.copy(larger, 0, 0, length);
    this.#buffer = larger;
    return true;
  }

  /** The file as text (UTF-8, invalid bytes as U+FFFD); undefined when it cannot be read. */
  text(path: string): string | undefined {
    const length = this.read(path);
    return length < 0 ? undefined : this.#buffer.toString('utf8', 0, length);
  }
}

/** -1 when it cannot be opened. */
function openNow(path: string): number {
  try {
    return withoutStack(() => openSync(path, 'r'));
  } catch {
    return -1;
  }
}

/** From the begin of the file, whatever was read before. */
function readFrom(fd: number, buffer: Buffer): number {
  return withoutStack(() => readSync(fd, buffer, 0, buffer.length, 0));
}
