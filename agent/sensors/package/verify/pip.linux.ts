import { basename, join } from 'node:path';
import type { Settings } from '../../options.ts';
import { namesIn } from '../database.linux.ts';
import { pythonSites } from '../pip.linux.ts';
import { linesOfFile } from './lines.ts';
import type { OwnedFile, OwnedPackage } from './owned-files.ts';

/** Python packages with the sums in their RECORD (PEP 376, 427). */
export async function* pipPackages({ fsRoot }: Settings): AsyncGenerator<OwnedPackage> {
  for (const site of pythonSites(fsRoot)) {
    for (const entry of namesIn(site)) {
      const [, name, version] = /^(.+)-([^-]+)\.dist-info$/.exec(entry) ?? [];
      if (name === undefined) continue;
      yield {
        type: 'pip',
        name,
        version,
        architecture: undefined,
        async *files() {
          for await (const line of linesOfFile(join(site, entry, 'RECORD'))) {
            const file = recordLine(line, site);
            if (file !== undefined) yield file;
          }
        },
      };
    }
  }
}

/** Path, `sha256=` with base64url, size; the path in quotes where it holds a comma or a quote. */
export function recordLine(line: string, site: string): OwnedFile | undefined {
  const [, quoted, plain, sum = ''] =
    /^(?:"((?:[^"]|"")*)"|([^,"]*)),sha256=([A-Za-z0-9_-]{43})=?,/.exec(line) ?? [];
  const path = quoted?.replaceAll('""', '"') ?? plain;
  if (path === undefined || path === '') return undefined;
  const absolute = path.startsWith('/') ? path : join(site, path);
  // Compiled anew whenever Python likes.
  if (basename(absolute).endsWith('.pyc')) return undefined;
  return { path: absolute, algorithm: 'sha256', digest: Buffer.from(sum, 'base64url').toString('hex') };
}
