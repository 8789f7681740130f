import { lstatSync, type Stats } from 'node:fs';

/**
 * When the content of the file of these stats was last changed, in microseconds since the epoch, the same as every
 * other sensor has it: milliseconds in a double lose the last digit. Off by one where the file has changed since.
 */
export function modifiedAt(path: string, { mtimeMs }: Stats): number {
  try {
    const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (now !== undefined && Number(now.mtimeMs) === Math.floor(mtimeMs)) return Number(now.mtimeNs / 1000n);
  } catch {
    // What was seen before will do.
  }
  return Math.floor(mtimeMs * 1000);
}
