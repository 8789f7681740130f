/** What people write: a folder of rules, with what they use and their tests beside them. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleBounds, bundleFolders } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { parseRules } from '#shared/sigma/index.ts';
import { packPath } from '../rules/load.ts';

/** Files by their path in the bundle; tests, `rules/….test.yml`, are among them. */
export type SourceFiles = ReadonlyMap<string, Uint8Array>;

const ruleName = /\.ya?ml$/i;
export const testName = /\.test\.ya?ml$/i;
/** Where the starter pack is put. */
const packFolder = 'starter-pack';

/** Which files of a folder are taken; the others are notes and the like. */
const taken: Readonly<Record<keyof typeof bundleFolders, RegExp>> = {
  rules: ruleName,
  pipelines: ruleName,
  lists: /\.txt$/,
  detectors: ruleName,
  indicators: /\.(?:txt|csv|json|ya?ml)$/i,
  settings: /\.json$/,
  responses: /\.(?:json|ya?ml)$/i,
};

/**
 * Reads a folder. `rules/`, `pipelines/`, `lists/`, `detectors/`, `indicators/`, `settings/` and `responses/` in it are taken; where
 * it has no `rules/`, every rule below it is, whatever its folder. Names that begin with a dot are passed over.
 * Throws `bundle.path` for links, `bundle.too_large`, `data.unreadable`.
 */
export async function readSource(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const names = (await entriesOf(folder)).map((entry) => entry.name);
  for (const part of Object.keys(bundleFolders) as (keyof typeof bundleFolders)[])
    if (names.includes(part))
      await readInto(files, join(folder, part), part, (name) => taken[part].test(name));
  if (names.includes('rules')) return files;
  const isOther = (name: string) => !Object.hasOwn(bundleFolders, name);
  for (const name of names.filter(isOther))
    await readInto(files, join(folder, name), `rules/${name}`, (file) => ruleName.test(file));
  return files;
}

/** The source with the rules of the starter pack beside its own, but for those whose id it has itself. */
export async function withStarterPack(source: SourceFiles): Promise<Map<string, Uint8Array>> {
  const pack = await readSource(packPath);
  const own = new Set(idsIn(source));
  const replaced = [...pack.keys()].filter(
    (path) => isRule(path) && idsIn(new Map([[path, pack.get(path)!]])).some((id) => own.has(id)),
  );
  const left = new Set(replaced.flatMap((path) => [path, path.replace(ruleName, '.test.yml')]));
  const files = new Map(source);
  for (const [path, data] of pack) {
    const to = path.startsWith('rules/') ? path.replace('rules/', `rules/${packFolder}/`) : path;
    if (!left.has(path) && !files.has(to)) files.set(to, data);
  }
  return files;
}

export function isRule(path: string): boolean {
  return path.startsWith('rules/') && ruleName.test(path) && !testName.test(path);
}

function idsIn(files: SourceFiles): readonly string[] {
  return [...files]
    .filter(([path]) => isRule(path))
    .flatMap(([path, data]) => parseRules(Buffer.from(data).toString(), path).documents.map(({ id }) => id));
}

async function readInto(
  files: Map<string, Uint8Array>,
  path: string,
  to: string,
  isTaken: (name: string) => boolean,
): Promise<void> {
  const stats = await readable(path, () => lstat(path));
  if (stats.isSymbolicLink())
    throw new VedetteError('bundle.path', `${path} is a link; a bundle holds files only.`);
  if (stats.isDirectory()) {
    for (const { name } of await entriesOf(path))
      await readInto(files, join(path, name), `${to}/${name}`, isTaken);
    return;
  }
  if (!stats.isFile() || !isTaken(path)) return;
  if (stats.size > bundleBounds.fileBytes)
    throw new VedetteError('bundle.too_large', `${path} is larger than ${bundleBounds.fileBytes} bytes.`);
  // Tests count too: they travel to a collector that signs.
  if (files.size >= 2 * bundleBounds.files)
    throw new VedetteError('bundle.too_large', `It has more than ${2 * bundleBounds.files} files.`);
  files.set(to.normalize('NFC'), await readable(path, () => readFile(path)));
}

async function entriesOf(folder: string) {
  const entries = await readable(folder, () => readdir(folder, { withFileTypes: true }));
  return entries.filter(({ name }) => !name.startsWith('.'));
}

async function readable<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
