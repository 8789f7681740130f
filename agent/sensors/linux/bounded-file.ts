import { closeSync, openSync, readSync } from 'node:fs';
import { withoutStack } from './without-stack.ts';

/**
 * Reads small kernel files into one buffer that every read reuses. Synchronous on purpose: files under /proc and
 * /sys are answered from memory, and a trip through the thread pool costs more than the read.
 */
export class BoundedFile {
  readonly buffer: Buffer;

  /** `sizeBytes` is the most a read can give. */
  constructor(sizeBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /**
   * Bytes read from the begin of the file, at most the size of the buffer; -1 when it cannot be opened or read
   * (gone, no right, a directory). The bytes hold until the next read.
   */
  read(path: string): number {
    let fd: number;
    try {
      fd = withoutStack(() => openSync(path, 'r'));
    } catch {
      return -1;
    }
    try {
      let length = 0;
      while (length < this.buffer.length) {
        const got = readSync(fd, this.buffer, length, this.buffer.length - length, null);
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
    let fd: number;
    try {
      fd = withoutStack(() => openSync(path, 'r'));
    } catch {
      return -1;
    }
    try {
      return withoutStack(() => readSync(fd, this.buffer, 0, this.buffer.length, null));
    } catch {
      return -1;
    } finally {
      closeSync(fd);
    }
  }

  /** The file as text (UTF-8, invalid bytes as U+FFFD); undefined when it cannot be read. */
  text(path: string): string | undefined {
    const length = this.read(path);
    return length < 0 ? undefined : this.buffer.toString('utf8', 0, length);
  }
}
