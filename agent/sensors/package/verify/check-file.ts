import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Pace } from '../../pace.ts';
import type { OwnedFile } from './owned-files.ts';

const chunkBytes = 128 * 1024;
/** No package has larger files; files of /proc have no end. */
const maxFileBytes = 8 * 1024 ** 3;
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What was found of a package's file. `unseen` is no finding: it could not be read. */
export type FileCheck =
  | { readonly result: 'right' | 'unseen' | 'missing' }
  | {
      readonly result: 'changed';
      readonly stats: Stats;
      /** Of content, mode and type. */
      readonly changes: readonly string[];
      /** By the package's kind of sum. */
      readonly digest: string | undefined;
      readonly sha256: string | undefined;
    };

/** What is at the path itself; `undefined` when nothing is, `unseen` when that cannot be told. */
export function statsOf(path: string): Stats | undefined | 'unseen' {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? undefined : 'unseen';
  }
}

/** Reads the file and compares it with its package, within the pace (in bytes). Rejects only when the pace is closed. */
export async function checkFile(file: OwnedFile, pace: Pace, buffer: Buffer): Promise<FileCheck> {
  const stats = statsOf(file.path);
  if (stats === 'unseen') return { result: 'unseen' };
  if (stats === undefined) return { result: 'missing' };
  if (!stats.isFile())
    return { result: 'changed', stats, changes: ['type'], digest: undefined, sha256: undefined };
  const hashes = [createHash(file.algorithm), ...(file.algorithm === 'sha256' ? [] : [createHash('sha256')])];
  const isRead = stats.size <= buffer.length ? readSmall(hashes, file.path, buffer) : false;
  if (!isRead && !(await readInto(hashes, file.path, pace, buffer))) return { result: 'unseen' };
  const [digest, sha256 = digest] = hashes.map((hash) => hash.digest('hex'));
  const changes = [
    ...(digest === file.digest ? [] : ['content']),
    ...(file.mode === undefined || file.mode === (stats.mode & 0o7777) ? [] : ['mode']),
  ];
  return changes.length === 0 ? { result: 'right' } : { result: 'changed', stats, changes, digest, sha256 };
}

/**
 * Reads what fits the buffer at once, since a trip through the thread pool costs several times the read; false, with
 * nothing hashed, when it does not.
 */
function readSmall(hashes: readonly Hash[], path: string, buffer: Buffer): boolean {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch {
    return false;
  }
  try {
    let length = 0;
    while (length < buffer.length) {
      const got = readSync(fd, buffer, length, buffer.length - length, null);
      if (got === 0) {
        for (const hash of hashes) hash.update(buffer.subarray(0, length));
        return true;
      }
      length += got;
    }
    return false;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

async function readInto(hashes: readonly Hash[], path: string, pace: Pace, buffer: Buffer): Promise<boolean> {
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return false;
  try {
    for (let total = 0; total <= maxFileBytes; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length).catch(() => ({ bytesRead: -1 }));
      if (bytesRead <= 0) return bytesRead === 0;
      for (const hash of hashes) hash.update(buffer.subarray(0, bytesRead));
      total += bytesRead;
      await pace.spend(bytesRead);
    }
    return false;
  } finally {
    await file.close().catch(() => {});
  }
}

/** The buffer that `checkFile` reads into. */
export function readBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(chunkBytes);
}
