import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeBundle, readContent } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { preparedPath } from '#shared/rules/prepared/form.ts';
import type { BundleStore } from '../store/contract.ts';
import type { EditBase } from './edits.ts';
import { readSource, withStarterPack } from './source.ts';
import type { TestTexts } from './test-texts.ts';

/** Where rules are while no bundle was put in force: the data folder, and folders of the settings. */
export interface SourceFolders {
  readonly folder: string;
  readonly more: readonly string[];
}

/** What is in force, to be changed. Throws `data.corrupt`, `data.unreadable`, `bundle.*`. */
export async function editBase(
  bundles: BundleStore,
  texts: TestTexts,
  folders: SourceFolders,
): Promise<EditBase> {
  const last = await bundles.inForce();
  if (last === undefined) return { files: await withStarterPack(await readAll(folders)), vouched: null };
  const content = await bundles.content(last.version);
  if (content === undefined)
    throw new VedetteError('data.corrupt', `Bundle ${last.version} is in force and not there.`);
  const { manifest, files } = readContent(decodeBundle(content));
  const all = new Map(files);
  // Made anew with the bundle that comes of the edit.
  all.delete(preparedPath);
  for (const { path, sha256 } of manifest.tests) {
    const text = await texts.read(sha256);
    if (text !== undefined) all.set(path, text);
  }
  return { files: all, vouched: { untested: manifest.untested, tests: manifest.tests } };
}

/** Files of the same path are those of the data folder, which without rules of its own adds nothing. */
async function readAll({ folder, more }: SourceFolders): Promise<Map<string, Uint8Array>> {
  const own = existsSync(join(folder, 'rules')) ? [folder] : [];
  const sources = await Promise.all([...more, ...own].map(readPath));
  return new Map(sources.flatMap((source) => [...source]));
}

/** A folder, or one file of rules. */
async function readPath(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return new Map([[`rules/${basename(path)}`, await readFile(path)]]);
  return stats === undefined ? new Map() : await readSource(path);
}
