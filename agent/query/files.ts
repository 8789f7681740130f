import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { BoundedFile } from '../sensors/linux/bounded-file.ts';
import { withoutStack } from '../sensors/linux/without-stack.ts';

/** Bytes read of one file; what lies behind is not seen. */
const maxFileBytes = 8 * 1024 * 1024;
const chunkBytes = 64 * 1024;
/** Values of /proc and /sys are a page at most. */
const smallFile = new BoundedFile(4096);
/** Those of /proc/PID; the largest are environments. */
const kernelFile = new BoundedFile(1024 * 1024);
/** Entries of one folder that are looked at. */
const maxEntries = 100_000;

/**
 * Opens a regular file and never anything else: to open a pipe would wait, a device may act. `undefined` when it is
 * none, is gone or may not be read.
 */
function openRegular(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = withoutStack(() => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
    if (fstatSync(fd).isFile()) return fd;
  } catch {
    // Told by the result.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** Chunks of a regular file, each valid until the next; none when it cannot be read. */
export function* chunksOf(path: string, maxBytes = maxFileBytes): Iterable<Buffer> {
  const fd = openRegular(path);
  if (fd === undefined) return;
  const chunk = Buffer.allocUnsafe(chunkBytes);
  try {
    for (let left = maxBytes; left > 0; ) {
      const got = readNow(fd, chunk, Math.min(left, chunk.length));
      if (got === 0) return;
      left -= got;
      yield chunk.subarray(0, got);
    }
  } finally {
    closeSync(fd);
  }
}

/** Files of /proc may fail half way, when their process ends. */
function readNow(fd: number, chunk: Buffer, length: number): number {
  try {
    return withoutStack(() => readSync(fd, chunk, 0, length, null));
  } catch {
    return 0;
  }
}

/** The text of a regular file, at most its first 8 MiB, invalid bytes as U+FFFD; empty when it cannot be read. */
export function textAt(path: string, maxBytes = maxFileBytes): string {
  const chunks: Buffer[] = [];
  for (const chunk of chunksOf(path, maxBytes)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

export function linesAt(path: string): string[] {
  const lines = textAt(path).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Lines, trimmed, but those that are empty or a comment. */
export function* settledLines(path: string): Iterable<string> {
  for (const line of linesAt(path)) {
    const text = line.trim();
    if (text !== '' && !/^[#;]/.test(text)) yield text;
  }
}

/** Names in a folder, in order; none when it cannot be listed. */
export function namesIn(folder: string): string[] {
  try {
    return withoutStack(() => readdirSync(folder))
      .slice(0, maxEntries)
      .sort();
  } catch {
    return [];
  }
}

/** The same, with whether each is a folder itself. */
export function entriesIn(folder: string): { readonly entry: string; readonly isFolder: boolean }[] {
  try {
    return withoutStack(() => readdirSync(folder, { withFileTypes: true }))
      .slice(0, maxEntries)
      .map((one) => ({ entry: one.name, isFolder: one.isDirectory() }));
  } catch {
    return [];
  }
}

/** Where a symbolic link leads; undefined when it is none or may not be seen. */
export function linkAt(path: string): string | undefined {
  try {
    return withoutStack(() => readlinkSync(path));
  } catch {
    return undefined;
  }
}

/** A file of /proc that gives all it has to the first read; empty when it cannot be read. */
export function kernelText(path: string): string {
  const length = kernelFile.readOnce(path);
  return length <= 0 ? '' : kernelFile.buffer.toString('utf8', 0, length);
}

/** One line of a small file of /proc or /sys; undefined when it is empty or cannot be read. */
export function valueAt(path: string): string | undefined {
  const text = (smallFile.text(path) ?? '').replaceAll('\0', '').trim();
  return text === '' ? undefined : text;
}

/** A whole number in text; undefined when it is none. */
export function wholeNumber(text: string | undefined, base = 10): number | undefined {
  const value = Number.parseInt(text ?? '', base);
  return Number.isSafeInteger(value) ? value : undefined;
}
