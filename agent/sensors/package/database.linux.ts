import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one text that are read, whoever asks. */
export const maxTextBytes = 1024 * 1024;
/** Entries of one folder that are looked at. */
const maxEntries = 50_000;

/** Descriptions of packages are small; longer ones say what matters first. */
const buffer = Buffer.allocUnsafeSlow(16 * 1024);

/** A text that changes when the file or folder does; undefined when it is not there. */
export function fileVersion(path: string): string | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : `${found.mtimeMs}:${found.size}:${found.ino}`;
}

/** Microseconds since the epoch. */
export function modifiedAt(path: string): number | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : Math.round(found.mtimeMs * 1000);
}

export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Names in a folder; none when it cannot be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, maxEntries);
  } catch {
    return [];
  }
}

/** The folders a path with `*` for whole parts or ends of parts leads to, e.g. `/usr/lib/python3*` and `site-packages`. */
export function foldersAt(...parts: readonly string[]): string[] {
  let found = [''];
  for (const part of parts) {
    found = part.endsWith('*')
      ? found.flatMap((folder) =>
          namesIn(folder)
            .filter((name) => name.startsWith(part.slice(0, -1)))
            .map((name) => join(folder, name)),
        )
      : found.map((folder) => join(folder, part));
  }
  return found.filter((folder) => statOf(folder)?.isDirectory() === true);
}

/**
 * The begin of a text file, as much as fits the bytes (at most 1 MiB), UTF-8 with invalid bytes as U+FFFD; undefined
 * when it cannot be read.
 */
export function textOf(path: string, maxBytes = buffer.length): string | undefined {
  let fd: number;
  try {
    if (statOf(path)?.isFile() !== true) return undefined;
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const into =
      maxBytes <= buffer.length ? buffer : Buffer.allocUnsafeSlow(Math.min(maxBytes, maxTextBytes));
    const end = Math.min(maxBytes, into.length);
    let length = 0;
    while (length < end) {
      const got = readSync(fd, into, length, end - length, null);
      if (got === 0) break;
      length += got;
    }
    return into.toString('utf8', 0, length);
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
