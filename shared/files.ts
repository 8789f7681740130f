import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
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

/** Replaces a file whole: after a crash the old or the new text is there, never half of it. Throws `data.unreadable`. */
export function writeText(path: string, text: string, mode = 0o600): void {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(partial, 'w', mode);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
  } catch (error) {
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
