import { type Dir, type Dirent, opendirSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { isGone } from './facts.ts';
import { nameOfBytes, systemPath } from './names.ts';

/** Entries of one folder that are looked at; the rest is counted. */
export const maxFolderEntries = 20_000;
/** Entries between two pauses that let other work go on. */
const stretch = 256;

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isFile: boolean;
}

/** Why a folder gave no list, or not all of it. */
export type ListingEnd = 'whole' | 'gone' | 'refused' | 'too-many';

/** Gives the entries of a folder one after the other to `take`, with pauses. Never rejects. */
export async function listFolder(folder: string, take: (entry: Entry) => void): Promise<ListingEnd> {
  let dir: Dir | undefined;
  try {
    // Node names the encoding in its documentation and takes it, but its types do not know of buffers here.
    dir = opendirSync(systemPath(folder), { encoding: 'buffer' as BufferEncoding, bufferSize: 128 });
    for (let count = 0; ; count++) {
      const entry = dir.readSync() as Dirent<Buffer> | Dirent | null;
      if (entry === null) return 'whole';
      if (count >= maxFolderEntries) return 'too-many';
      const name = typeof entry.name === 'string' ? entry.name : nameOfBytes(entry.name);
      take({ name, isFolder: entry.isDirectory(), isFile: entry.isFile() });
      if (count % stretch === stretch - 1) await breathe();
    }
  } catch (error) {
    return isGone(error) ? 'gone' : 'refused';
  } finally {
    try {
      dir?.closeSync();
    } catch {
      // It was closed by the failed read.
    }
  }
}
