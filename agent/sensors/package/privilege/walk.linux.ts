import { lstatSync, type Stats } from 'node:fs';
import { listFolder } from '../../file/listing.ts';
import { systemPath } from '../../file/names.ts';
import { joined } from '../../file/path-rules.ts';
import type { Pace } from '../../pace.ts';

/** Folders that wait to be walked; those beyond are left out and counted. */
const maxWaiting = 100_000;
const setUid = 0o4000;
/** Set-gid without the right to execute means locking, not rights. */
const setGid = 0o2010;

export interface WalkOptions {
  readonly root: string;
  /** Whether not to go into a folder. */
  readonly skips: (folder: string) => boolean;
  /** In entries of folders. */
  readonly pace: Pace;
  readonly found: (path: string, stats: Stats) => void;
}

/** What a walk did not see. */
export interface WalkGaps {
  /** Folders that could not be listed, or not wholly. */
  readonly folders: number;
}

/** Finds the set-uid and set-gid files below a folder, without following links. Rejects only when the pace is closed. */
export async function walkForPrivileges({ root, skips, pace, found }: WalkOptions): Promise<WalkGaps> {
  const waiting = [root];
  let folders = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const files: string[] = [];
    const inner: string[] = [];
    const end = await listFolder(folder, ({ name, isFolder, isFile }) => {
      if (isFile) files.push(name);
      else if (isFolder) inner.push(name);
    });
    if (end !== 'whole' && end !== 'gone') folders++;
    await pace.spend(1 + inner.length);
    for (const name of inner) {
      const path = joined(folder, name);
      if (skips(path)) continue;
      if (waiting.length < maxWaiting) waiting.push(path);
      else folders++;
    }
    for (const name of files) {
      await pace.spend(1);
      const path = joined(folder, name);
      const stats = privilegedStats(path);
      if (stats !== undefined) found(path, stats);
    }
  }
  return { folders };
}

/** Of a set-uid or set-gid file; undefined for any other. */
export function privilegedStats(path: string): Stats | undefined {
  const stats = statsAt(path);
  if (stats?.isFile() !== true) return undefined;
  return (stats.mode & setUid) !== 0 || (stats.mode & setGid) === setGid ? stats : undefined;
}

export function statsAt(path: string): Stats | undefined {
  try {
    return lstatSync(systemPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
