import { join } from 'node:path';
import type { Settings } from '../../options.ts';
import { toolOutput } from '../../tool.ts';
import { statOf } from '../database.linux.ts';
import { checksumOf, type OwnedFile, type OwnedPackage } from './owned-files.ts';

/** Packages of rpm, whose database only rpm reads: its `--dump` of each gives sums and modes. */
export async function* rpmPackages({ varRoot, fsRoot }: Settings): AsyncGenerator<OwnedPackage> {
  const folder = join(varRoot, 'lib/rpm');
  if (statOf(folder) === undefined) return;
  const list = await toolOutput('rpm', [
    '--dbpath',
    folder,
    '-qa',
    '--qf',
    '%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n',
  ]);
  for (const line of list?.split('\n') ?? []) {
    const [name, version, architecture] = line.split('\t');
    if (!name || name.startsWith('-') || version === undefined || architecture === undefined) continue;
    yield {
      type: 'rpm',
      name,
      version,
      architecture,
      async *files() {
        const dump = await toolOutput('rpm', [
          '--dbpath',
          folder,
          '-q',
          '--dump',
          `${name}-${version}.${architecture}`,
        ]);
        for (const row of dump?.split('\n') ?? []) {
          const file = dumpLine(row);
          if (file !== undefined) yield { ...file, path: join(fsRoot, file.path) };
        }
      },
    };
  }
}

/** Path, size, time, digest, mode, owner, group, is configuration, is documentation, device, link (rpm(8), --dump). */
export function dumpLine(row: string): OwnedFile | undefined {
  const found = /^(\/.*) \d+ \d+ ([0-9a-f]{32,64}) 0?10([0-7]{4}) \S+ \S+ ([01]) ([01]) \S+ \S+$/.exec(row);
  const [, path, digest = '', mode = '', isConfiguration, isDocumentation] = found ?? [];
  const algorithm = checksumOf(digest);
  if (path === undefined || algorithm === undefined || isConfiguration === '1' || /^0+$/.test(digest))
    return undefined;
  return { path, algorithm, digest, mode: Number.parseInt(mode, 8), optional: isDocumentation === '1' };
}
