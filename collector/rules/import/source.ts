import { readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { readTextFiles } from '../files.ts';
import { type ArchiveFile, isWanted, refuse, safePath } from './archive.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

/**
 * The files of rules and licences of a folder or archive, by their paths in it; a folder that all of an archive is in,
 * as of those that code hosts make, is left out. Rejects with `rule.import_refused`.
 */
export async function readSource(path: string): Promise<readonly ArchiveFile[]> {
  const stats = await stat(path).catch((error: Error) => {
    throw refuse(`${error.message}.`);
  });
  if (stats.isDirectory()) return await ofFolder(path);
  if (/\.(?:tar\.gz|tgz)$/i.test(path)) return withoutTop(await readTar(path, true));
  if (/\.tar$/i.test(path)) return withoutTop(await readTar(path, false));
  if (/\.zip$/i.test(path)) return withoutTop(readZip(path));
  if (/\.ya?ml$/i.test(path))
    return [{ path: safePath(path.split(sep).at(-1) ?? ''), bytes: await readFile(path) }];
  throw refuse(`${path} is neither a folder nor an archive that is known here.`);
}

async function ofFolder(folder: string): Promise<readonly ArchiveFile[]> {
  const { texts } = await readTextFiles([folder], /(?:\.ya?ml|^licen[cs]e[^/]*)$/i);
  return texts
    .map(({ file, text }) => ({
      path: relative(folder, file).split(sep).join('/'),
      bytes: Buffer.from(text),
    }))
    .filter(({ path }) => isWanted(path));
}

function withoutTop(files: readonly ArchiveFile[]): readonly ArchiveFile[] {
  const [top, ...more] = new Set(files.map(({ path }) => path.split('/')[0]));
  const isOne = top !== undefined && more.length === 0 && files.every(({ path }) => path.includes('/'));
  // A checkout's own folders are part of where a rule is.
  if (!isOne || /^(?:rules|unsupported)/.test(top)) return files;
  return files.map(({ path, bytes }) => ({ path: path.slice(top.length + 1), bytes }));
}
