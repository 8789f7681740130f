import { UserNames } from '../linux/user-names.ts';
import type { Settings } from '../options.ts';
import { Homes } from './homes.linux.ts';
import type { WatchedPath } from './path-rules.ts';
import { linuxPaths } from './sets.linux.ts';
import type { FileHost } from './watched-files.ts';

/** The declared paths of Linux, and who its ids are. */
export function fileLinux({ etcRoot, varRoot, libRoot, fsRoot }: Settings): FileHost {
  const roots = { etc: etcRoot, var: varRoot, lib: libRoot, fs: fsRoot === '/' ? '' : fsRoot };
  const homes = new Homes(etcRoot, fsRoot);
  const users = new UserNames(etcRoot);
  const groups = new UserNames(etcRoot, 'group');
  let known: readonly string[] | undefined;
  let paths: readonly WatchedPath[] = [];
  return {
    kind: 'linux',
    watchSource: 'inotify',
    names: { userName: (id) => users.nameOf(id), groupName: (id) => groups.nameOf(id) },
    paths() {
      const now = homes.all();
      if (now !== known) paths = linuxPaths(roots, now);
      known = now;
      return paths;
    },
  };
}
