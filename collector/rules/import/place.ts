import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchiveFile } from './archive.ts';

/** What was imported into a folder, so that the next time tells an edit from an older version. */
export const ledgerName = '.vedette-import.json';

interface Ledger {
  readonly source: string;
  /** SHA-256 of each file as it was imported, by path. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Placed {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  /** Changed here since they were imported, or never imported: left as they are. */
  readonly edited: readonly string[];
  /** Imported before and not among what is imported now: left as they are. */
  readonly gone: readonly string[];
}

/** Writes files below a folder; what was edited there stays. `isDry` only says what it would do. */
export async function placeFiles(
  files: readonly ArchiveFile[],
  folder: string,
  source: string,
  isDry: boolean,
): Promise<Placed> {
  const before = await readLedger(folder);
  const placed = {
    added: [] as string[],
    updated: [] as string[],
    unchanged: [] as string[],
    edited: [] as string[],
  };
  const digests: Record<string, string> = { ...before.files };
  for (const { path, bytes } of files) {
    const here = await readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const digest = digestOf(bytes);
    const isOurs = here !== undefined && digestOf(here) === before.files[path];
    if (here !== undefined && digestOf(here) === digest) placed.unchanged.push(path);
    else if (here !== undefined && !isOurs) {
      placed.edited.push(path);
      continue;
    } else {
      placed[here === undefined ? 'added' : 'updated'].push(path);
      if (!isDry) await write(join(folder, path), bytes);
    }
    digests[path] = digest;
  }
  const now = new Set(files.map(({ path }) => path));
  const gone = Object.keys(before.files).filter((path) => !now.has(path));
  if (!isDry) {
    const ledger: Ledger = { source, files: Object.fromEntries(Object.entries(digests).sort()) };
    await write(join(folder, ledgerName), Buffer.from(`${JSON.stringify(ledger, null, 2)}\n`));
  }
  return { ...placed, gone };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whole or not at all: a rule that is half written would be refused. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, path);
}

async function readLedger(folder: string): Promise<Ledger> {
  const empty: Ledger = { source: '', files: {} };
  try {
    const read = JSON.parse(await readFile(join(folder, ledgerName), 'utf8')) as Partial<Ledger>;
    return typeof read.files === 'object' && read.files !== null ? { ...empty, ...read } : empty;
  } catch {
    // Without it every file that differs counts as edited, so nothing is lost.
    return empty;
  }
}
