import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { VedetteError } from './errors.ts';

/** The text of a file; undefined when there is none. Throws `data.unreadable`. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Bytes of a file; undefined when there is none. Throws `data.unreadable`. */
export function readBytes(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Waits until the disk has what was renamed in a folder. Throws what the file system says. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces a file whole: after a crash the old or the new text is there, never half of it. Throws `data.unreadable`. */
export function writeText(path: string, text: string | Uint8Array, mode = 0o600): void {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(partial, 'w', mode);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
  } catch (error) {
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
