import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../options.ts';
import { maxTextBytes, namesIn, textOf } from '../database.linux.ts';
import { stanzaField, stanzasOf } from '../stanzas.linux.ts';
import { linesOfFile } from './lines.ts';
import { checksumOf, type OwnedFile, type OwnedPackage } from './owned-files.ts';

/** Packages of dpkg with the sums in `info/NAME.md5sums`, which leave out configuration files. */
export async function* dpkgPackages({ varRoot, etcRoot, fsRoot }: Settings): AsyncGenerator<OwnedPackage> {
  const folder = join(varRoot, 'lib/dpkg');
  const isExcluded = pathExcludes(etcRoot);
  const diverted = diversions(textOf(join(folder, 'diversions'), maxTextBytes) ?? '');
  for await (const stanzas of stanzasOf(createReadStream(join(folder, 'status')))) {
    for (const stanza of stanzas) {
      const name = stanzaField(stanza, 'Package');
      if (name === undefined || !/^[a-z0-9][a-z0-9+.-]*$/i.test(name)) continue;
      if (!/ installed$/.test(stanzaField(stanza, 'Status') ?? '')) continue;
      const architecture = stanzaField(stanza, 'Architecture');
      const configuration = configurationOf(stanza);
      yield {
        type: 'deb',
        name,
        version: stanzaField(stanza, 'Version'),
        architecture,
        async *files() {
          for (const list of [`${name}.md5sums`, `${name}:${architecture}.md5sums`]) {
            for await (const line of linesOfFile(join(folder, 'info', list))) {
              const file = md5Line(line);
              if (file === undefined || configuration.has(file.path)) continue;
              const moved = diverted.get(file.path);
              const path = moved === undefined || moved.by === name ? file.path : moved.to;
              yield { ...file, path: join(fsRoot, path), optional: isExcluded(path) };
            }
          }
        },
      };
    }
  }
}

/** A line of md5sums(1): the sum, two signs, and the path from the root without its first slash. */
export function md5Line(line: string): OwnedFile | undefined {
  const digest = line.slice(0, 32);
  const path = line.slice(34);
  if (checksumOf(digest) !== 'md5' || line[32] !== ' ' || path === '' || /(?:^|\/)\.\.(?:\/|$)/.test(path))
    return undefined;
  return { path: `/${path}`, algorithm: 'md5', digest };
}

/** The paths after `Conffiles:`. */
function configurationOf(stanza: string): ReadonlySet<string> {
  const block = /^Conffiles:[^\n]*((?:\n [^\n]*)*)/m.exec(stanza)?.[1] ?? '';
  return new Set(block.split('\n').map((line) => line.trim().split(' ', 1)[0] ?? ''));
}

/** dpkg-divert(1): three lines each, the path, where it went, and the package that keeps the path (`:` for none). */
export function diversions(text: string): Map<string, { readonly to: string; readonly by: string }> {
  const lines = text.split('\n');
  const found = new Map<string, { to: string; by: string }>();
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from = '', to = '', by = ''] = lines.slice(i, i + 3);
    if (by !== '') found.set(from, { to, by });
  }
  return found;
}

/** Whether dpkg was told not to install a path (dpkg(1), path-exclude and path-include; the last that fits decides). */
function pathExcludes(etcRoot: string): (path: string) => boolean {
  const folder = join(etcRoot, 'dpkg/dpkg.cfg.d');
  const texts = [join(etcRoot, 'dpkg/dpkg.cfg'), ...namesIn(folder).map((name) => join(folder, name))].map(
    (path) => textOf(path) ?? '',
  );
  const rules = texts
    .flatMap((text) => [...text.matchAll(/^[ \t]*path-(exclude|include)[ \t=]+(\S+)/gm)])
    .map(([, kind, glob = '']) => ({ excludes: kind === 'exclude', pattern: patternOf(glob) }));
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.excludes ?? false;
}

/** dpkg's globs let `*` and `?` stand for slashes too. */
function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$.+()|{}[\]]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
