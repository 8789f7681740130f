import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { Settings } from '../../options.ts';
import { maxTextBytes, namesIn, textOf } from '../database.linux.ts';
import { pacmanFacts } from '../pacman.linux.ts';
import { linesOfStream } from './lines.ts';
import { checksumOf, type OwnedFile, type OwnedPackage } from './owned-files.ts';

/** Packages of pacman with the sums and modes in their mtree(5), without those named as `%BACKUP%`. */
export async function* pacmanPackages({ varRoot, fsRoot }: Settings): AsyncGenerator<OwnedPackage> {
  const local = join(varRoot, 'lib/pacman/local');
  for (const entry of namesIn(local)) {
    const facts = pacmanFacts(textOf(join(local, entry, 'desc')) ?? '');
    if (facts === undefined) continue;
    yield {
      type: 'pacman',
      name: facts.name,
      version: facts.version,
      architecture: facts.architecture,
      async *files() {
        const configuration = backups(textOf(join(local, entry, 'files'), maxTextBytes) ?? '');
        try {
          const text = createReadStream(join(local, entry, 'mtree')).pipe(createGunzip());
          for await (const file of mtreeFiles(linesOfStream(text))) {
            if (!configuration.has(file.path)) yield { ...file, path: join(fsRoot, file.path) };
          }
        } catch {
          // Gone or damaged: what was read until there stands.
        }
      },
    };
  }
}

/** Regular files of an mtree: values that `/set` gave hold until it gives others. */
export async function* mtreeFiles(lines: AsyncIterable<string>): AsyncGenerator<OwnedFile> {
  let common: Readonly<Record<string, string>> = {};
  for await (const line of lines) {
    const [head = '', ...words] = line.split(' ');
    const values = Object.fromEntries(words.map((word) => word.split('=', 2)));
    if (head === '/set') common = { ...common, ...values };
    if (!head.startsWith('./') || head.startsWith('./.')) continue;
    const {
      type,
      sha256digest,
      md5digest,
      mode = '',
    }: Record<string, string | undefined> = { ...common, ...values };
    const digest = sha256digest ?? md5digest ?? '';
    const algorithm = checksumOf(digest);
    const path = unescaped(head.slice(1));
    if ((type !== undefined && type !== 'file') || algorithm === undefined || path.includes('/../')) continue;
    yield { path, algorithm, digest, mode: /^[0-7]{3,5}$/.test(mode) ? Number.parseInt(mode, 8) : undefined };
  }
}

/** Bytes as `\ooo` in octal. */
function unescaped(path: string): string {
  if (!path.includes('\\')) return path;
  const bytes = path.replace(
    /\\([0-3][0-7]{2})/g,
    (_, octal: string) => `%${Number.parseInt(octal, 8).toString(16).padStart(2, '0')}`,
  );
  try {
    return decodeURIComponent(bytes.replace(/%(?![0-9a-f]{2})/g, '%25'));
  } catch {
    return path;
  }
}

/** The files under `%BACKUP%`, each a path and a sum between tabs. */
function backups(files: string): ReadonlySet<string> {
  const block = /^%BACKUP%\n((?:.+\n?)*)/m.exec(files)?.[1] ?? '';
  return new Set(block.split('\n').map((line) => `/${line.split('\t', 1)[0]}`));
}
