import { isRemote, readMounts } from '../linux/mounts.ts';
import { UserNames } from '../linux/user-names.ts';
import type { Settings } from '../options.ts';
import { Homes } from './homes.linux.ts';
import type { WatchedPath } from './path-rules.ts';
import { linuxPaths } from './sets.linux.ts';
import type { FileHost } from './watched-files.ts';

/** The declared paths of Linux, and who its ids are. */
export function fileLinux({ etcRoot, varRoot, libRoot, fsRoot, procRoot }: Settings): FileHost {
  const roots = { etc: etcRoot, var: varRoot, lib: libRoot, fs: fsRoot === '/' ? '' : fsRoot };
  const homes = new Homes(etcRoot, fsRoot);
  let remote = 0;
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
      if (now === known) return paths;
      known = now;
      // A look at a dead server would hang, and its watches tell nothing of what other hosts do.
      const away = readMounts(procRoot).filter(isRemote);
      const local = now.filter(
        (home) => !away.some(({ path }) => home === path || home.startsWith(`${path}/`)),
      );
      remote = now.length - local.length;
      paths = linuxPaths(roots, local);
      return paths;
    },
    note() {
      const notes = [
        remote > 0 ? `${remote} homes are on file systems of other hosts and not watched` : '',
        homes.left > 0 ? `${homes.left} homes are too many and not watched` : '',
      ].filter((text) => text !== '');
      return notes.length === 0 ? undefined : notes.join('; ');
    },
  };
}
