import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { mounts as spec } from '#shared/tables/mounts.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { isRemote } from '../../sensors/linux/mounts.ts';
import { linesAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Sizes of a file system; none of those of other hosts, where asking may take for ever. */
function sizesOf(path: string, type: string): RowOf<typeof spec> {
  if (isRemote({ path, type })) return {};
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path);
    return {
      blocks_size: bsize,
      ...{ blocks, inodes: files, inodes_free: ffree },
      blocks_free: bfree,
      blocks_available: bavail,
    };
  } catch {
    return {};
  }
}

export function* mounts({ procRoot }: QueryHost): Iterable<RowOf<typeof spec>> {
  for (const line of linesAt(join(procRoot, 'self/mounts'))) {
    const [device = '', path = '', type = '', flags] = line.split(' ').map(unescaped);
    if (path === '') continue;
    yield { device, path, type, flags, ...sizesOf(path, type) };
  }
}
