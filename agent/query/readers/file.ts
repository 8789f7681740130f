import { createHash } from 'node:crypto';
import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { file as fileSpec } from '#shared/tables/file.ts';
import type { fileLines as linesSpec } from '#shared/tables/file-lines.ts';
import type { hash as hashSpec } from '#shared/tables/hash.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { octal } from '../../sensors/file/events.ts';
import { chunksOf, linesAt, linkAt, namesIn } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** Files one look-up gives. */
const maxFound = 50_000;
/** Depth to which `%%` goes. */
const maxDepth = 16;
/** Files hashed, and bytes of all in one query. */
const maxHashedBytes = 64 * 1024 * 1024;
const maxHashedTotal = 512 * 1024 * 1024;
const maxLines = 10_000;
const maxLineLength = 4096;

function statsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function typeOf(stats: Stats): string {
  if (stats.isFile()) return 'regular';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isBlockDevice()) return 'block';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

const seconds = (ms: number) => Math.floor(ms / 1000);

function rowAt(path: string): RowOf<typeof fileSpec> | undefined {
  const stats = statsAt(path);
  if (stats === undefined) return undefined;
  const { ino, uid, gid, mode, dev, size, atimeMs, mtimeMs, ctimeMs, birthtimeMs, nlink } = stats;
  return {
    ...{ path, uid, gid, size },
    directory: dirname(path),
    filename: basename(path),
    inode: ino,
    mode: octal(mode & 0o7777),
    device: dev,
    atime: seconds(atimeMs),
    mtime: seconds(mtimeMs),
    ctime: seconds(ctimeMs),
    btime: seconds(birthtimeMs),
    hard_links: nlink,
    symlink: Number(stats.isSymbolicLink()),
    symlink_target: stats.isSymbolicLink() ? linkAt(path) : undefined,
    type: typeOf(stats),
  };
}

function isFolder(path: string): boolean {
  return statsAt(path)?.isDirectory() === true;
}

function* allBelow(folder: string, depth: number): Iterable<string> {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    yield path;
    if (depth < maxDepth && isFolder(path)) yield* allBelow(path, depth + 1);
  }
}

/** Whether a name fits `%` for any characters; case counts. Linear times the pattern, as shared/glob.ts. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('%');
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

/** Paths that fit, as osquery reads patterns: `%` within one name, `%%` at the end for all below. Links are not followed. */
function* matching(folder: string, parts: readonly string[]): Iterable<string> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (part === '%%') {
    yield* allBelow(folder, 1);
    return;
  }
  const names = part.includes('%') ? namesIn(folder).filter((name) => fits(part, name)) : [part];
  for (const name of names) {
    const path = join(folder, name);
    if (rest.length === 0) yield path;
    else if (rest[0] !== undefined) yield* matching(path, rest);
  }
}

function* pathsOf(column: string, value: string): Iterable<string> {
  if (!value.startsWith('/')) return;
  if (column === 'path') yield value;
  else if (column === 'directory') for (const name of namesIn(value)) yield join(value, name);
  else yield* matching('/', value.split('/').slice(1));
}

export function* file(_: QueryHost, column: string, value: string): Iterable<RowOf<typeof fileSpec>> {
  let left = maxFound;
  for (const path of pathsOf(column, value)) {
    const row = rowAt(path);
    if (row === undefined) continue;
    if (left-- === 0) return;
    yield row;
  }
}

/** Bytes that were hashed for one query, which has a `QueryHost` of its own. */
const hashedBytes = new WeakMap<QueryHost, number>();

/** The file itself, where a link leads to one. */
function sizeOf(path: string): number | undefined {
  const stats = statsAt(path);
  const target = stats?.isSymbolicLink() === true ? linkAt(path) : undefined;
  const found = target === undefined ? stats : statsAt(resolve(dirname(path), target));
  return found?.isFile() === true ? found.size : undefined;
}

function hashesOf(host: QueryHost, path: string, size: number): RowOf<typeof hashSpec> {
  const total = (hashedBytes.get(host) ?? 0) + size;
  if (size > maxHashedBytes || total > maxHashedTotal) return {};
  hashedBytes.set(host, total);
  const [md5, sha1, sha256] = [createHash('md5'), createHash('sha1'), createHash('sha256')];
  for (const chunk of chunksOf(path, maxHashedBytes))
    for (const one of [md5, sha1, sha256]) one.update(chunk);
  return { md5: md5.digest('hex'), sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}

export function* hash(host: QueryHost, column: string, value: string): Iterable<RowOf<typeof hashSpec>> {
  for (const path of pathsOf(column, value)) {
    const size = sizeOf(path);
    if (size !== undefined) yield { path, directory: dirname(path), size, ...hashesOf(host, path, size) };
  }
}

export function* fileLines(_: QueryHost, column: string, value: string): Iterable<RowOf<typeof linesSpec>> {
  for (const path of pathsOf(column, value))
    for (const [at, text] of linesAt(path).slice(0, maxLines).entries())
      yield { path, line: at + 1, text: text.slice(0, maxLineLength) };
}
