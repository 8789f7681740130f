import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { nameOfBytes, systemPath } from './names.ts';

export type FileKind = NonNullable<EventByType['file.create']['file.type']>;

/** What one look at a path gave. */
export interface FileFacts {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Permission bits with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly inode: string;
  /** Microseconds since the epoch. */
  readonly modifiedAt: number;
  /** Change time, inode and size: other whenever content, mode or owner are, and no program can set it. */
  readonly stamp: string;
  /** False when it was looked at so soon after a change that another may leave the stamp as it is. */
  readonly settled: boolean;
  /** The same for one file under whatever name: inode and birth time, since inodes are used again. */
  readonly identity: string;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

/** A file as the baseline keeps it. */
export interface KnownFile extends FileFacts {
  /** SHA-256; undefined where it was too large or could not be read. */
  readonly hash: string | undefined;
}

/** Change times step with the kernel's clock, by 10 ms at most. */
const clockStepUs = 20_000;

/**
 * What is at the path, without following a link; undefined when nothing is. Throws when that cannot be told (no
 * right to search the folder, an I/O error).
 */
export function factsOf(path: string): FileFacts | undefined {
  const at = systemPath(path);
  let found: BigIntStats | undefined;
  try {
    found = lstatSync(at, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  if (found === undefined) return undefined;
  const { ino, size, ctimeNs, mtimeNs, birthtimeNs } = found;
  return {
    kind: kindOf(found),
    sizeBytes: Number(size),
    mode: Number(found.mode) & 0o7777,
    uid: Number(found.uid),
    gid: Number(found.gid),
    inode: String(ino),
    modifiedAt: Number(mtimeNs / 1000n),
    stamp: `${ctimeNs}:${ino}:${size}`,
    settled: Math.abs(nowUs() - Number(ctimeNs / 1000n)) > clockStepUs,
    identity: `${ino}:${birthtimeNs === 0n ? mtimeNs : birthtimeNs}`,
    target: found.isSymbolicLink() ? targetOf(at) : undefined,
  };
}

/** True for the errors that mean there is nothing at a path. */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

function targetOf(path: string | Buffer): string | undefined {
  try {
    return nameOfBytes(readlinkSync(path, { encoding: 'buffer' }));
  } catch {
    return undefined;
  }
}

function kindOf(found: BigIntStats): FileKind {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'dir';
  if (found.isSymbolicLink()) return 'symlink';
  if (found.isFIFO()) return 'fifo';
  return found.isSocket() ? 'socket' : 'device';
}

/** What differs, in the words of `file.changes`. A folder's size and times follow its entries and are left out. */
export function differences(before: KnownFile, after: KnownFile): string[] {
  const changes: string[] = [];
  if (before.kind !== after.kind) changes.push('type');
  if (after.kind === 'file' && before.kind === 'file') {
    if (contentDiffers(before, after)) changes.push('content');
    if (before.sizeBytes !== after.sizeBytes) changes.push('size');
  }
  if (before.mode !== after.mode && after.kind !== 'symlink') changes.push('mode');
  if (before.uid !== after.uid) changes.push('owner');
  if (before.gid !== after.gid) changes.push('group');
  if (before.kind === after.kind && before.target !== after.target) changes.push('target');
  return changes;
}

/** By hash where both are known, else by size and time. */
function contentDiffers(before: KnownFile, after: KnownFile): boolean {
  if (before.hash !== undefined && after.hash !== undefined) return before.hash !== after.hash;
  return before.sizeBytes !== after.sizeBytes || before.modifiedAt !== after.modifiedAt;
}
