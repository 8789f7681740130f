import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { RowOf } from '#shared/tables/spec.ts';
import type { suidBin as spec } from '#shared/tables/suid-bin.ts';
import { octal } from '../../sensors/file/events.ts';
import { UserNames } from '../../sensors/linux/user-names.ts';
import { privilegedStats } from '../../sensors/package/privilege/walk.linux.ts';
import { linkAt, namesIn } from '../files.ts';
import type { QueryHost } from '../reader.ts';

const folders = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/local/sbin', 'usr/lib', 'tmp'];
const setUid = 0o4000;
const setGid = 0o2000;
/** Folders below those of programs hold the helpers of larger ones, e.g. usr/lib/openssh. */
const maxDepth = 2;

function* pathsBelow(folder: string, depth: number): Iterable<string> {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    yield path;
    if (depth < maxDepth && lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      yield* pathsBelow(path, depth + 1);
  }
}

export function* suidBin({ fsRoot, etcRoot }: QueryHost): Iterable<RowOf<typeof spec>> {
  const users = new UserNames(etcRoot);
  const groups = new UserNames(etcRoot, 'group');
  for (const folder of folders.map((name) => join(fsRoot, name))) {
    // /bin is often a link to /usr/bin: what is there is told once.
    if (linkAt(folder) !== undefined) continue;
    for (const path of pathsBelow(folder, 1)) {
      const stats = privilegedStats(path);
      if (stats === undefined) continue;
      const { mode, uid, gid } = stats;
      yield {
        path,
        username: users.nameOf(String(uid)),
        groupname: groups.nameOf(String(gid)),
        permissions: `${(mode & setUid) === 0 ? '' : 'S'}${(mode & setGid) === 0 ? '' : 'G'}`,
        mode: octal(mode & 0o7777),
      };
    }
  }
}
