import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FilePosition, OpenLog } from './open-log.ts';

/** Entries of a folder that are looked at for rotated files. */
const maxEntries = 4096;
/** Rotated files of one log that are opened. */
export const maxRotated = 16;
const compressed = /\.(?:gz|xz|zst|bz2|lz4|Z)$/;
/** A shorter begin may be that of another file by chance, so it counts only under the same inode. */
const tellingHead = 64;

/** Whether a name is one that rotation gives, so that a pattern of log files does not take old lines for new ones. */
export function isRotatedName(name: string): boolean {
  return compressed.test(name) || /(?:\.\d{1,6}|\.old|~|-\d{8}(?:-?\d{2,10})?)$/.test(name);
}

/**
 * The file of a position and those that came after it, oldest first, among the files that rotation made of `path`
 * (its name with a number or a date after a dot or a dash, not compressed). Empty when the file is not among them. The first
 * stands at the position, the others at their begin.
 */
export function rotatedFrom(path: string, position: FilePosition): OpenLog[] {
  const found = rotatedOf(path);
  for (let i = 0; i < found.length; i++) {
    const log = openIf(found[i]?.path ?? '', position);
    if (log === undefined) continue;
    const later = found.slice(i + 1, i + maxRotated).flatMap((one) => opened(one.path) ?? []);
    return [log, ...later];
  }
  return [];
}

/** The file, opened at the position, if it is the position's. */
export function openIf(path: string, position: FilePosition): OpenLog | undefined {
  const log = opened(path);
  if (log === undefined) return undefined;
  try {
    const certain = log.inode === position.inode || position.headLength >= tellingHead;
    if (certain && log.matches(position)) {
      log.seek(position.offset);
      return log;
    }
  } catch {
    // Read error: not a file to go on with.
  }
  log.close();
  return undefined;
}

function opened(path: string): OpenLog | undefined {
  try {
    return statSync(path).isFile() ? new OpenLog(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Oldest first, by the time of the last write. */
function rotatedOf(path: string): { readonly path: string; readonly mtimeMs: number }[] {
  const folder = dirname(path);
  const name = basename(path);
  const found: { path: string; mtimeMs: number }[] = [];
  try {
    for (const entry of readdirSync(folder).slice(0, maxEntries)) {
      if (!entry.startsWith(`${name}.`) && !entry.startsWith(`${name}-`)) continue;
      if (compressed.test(entry) || !isRotatedName(entry)) continue;
      const stat = statSync(join(folder, entry), { throwIfNoEntry: false });
      if (stat?.isFile()) found.push({ path: join(folder, entry), mtimeMs: stat.mtimeMs });
    }
  } catch {
    return [];
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs);
}
