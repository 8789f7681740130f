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
  let garbled = 0;
  const end = await readFolder(folder, 'utf8', ({ name, isFolder, isFile }) => {
    if (name.includes(replacement)) garbled++;
    else take({ name, isFolder, isFile });
  });
  if (garbled === 0) return end;
  // Names that are not UTF-8 are rare, and reading every name as bytes is dear: those are read once more.
  return readFolder(folder, 'buffer', (entry) => {
    if (isGarbled(entry.name)) take(entry);
  });
}

/** As it stands for bytes that are not UTF-8, and for itself. */
const replacement = '\uFFFD';

function isGarbled(name: string): boolean {
  return name.includes(replacement) || !name.isWellFormed();
}

async function readFolder(
  folder: string,
  encoding: 'utf8' | 'buffer',
  take: (entry: Entry) => void,
): Promise<ListingEnd> {
  let dir: Dir | undefined;
  try {
    // Node takes `buffer` and says so in its documentation, but not in its types.
    dir = opendirSync(systemPath(folder), { encoding: encoding as BufferEncoding, bufferSize: 64 });
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
