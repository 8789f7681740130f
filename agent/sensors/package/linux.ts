import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { PackageDatabases } from './databases.linux.ts';

/**
 * Packages from the databases of every package system there is. `following` for a sensor that runs: changes are told
 * as the databases change.
 */
export function packageLinux(settings: Settings, following: boolean): Provider {
  const databases = new PackageDatabases(settings, (error) => settings.onError('package', error));
  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      return databases.present
        ? undefined
        : 'no package database is here: dpkg, apk, rpm, pacman, snap, flatpak, npm, pip or gem';
    },
    async look(emit) {
      await databases.look(emit, following);
    },
    note() {
      const { unread } = databases;
      return unread.length === 0 ? undefined : `not readable: ${unread.join(', ')}`;
    },
    async close() {
      await databases.close();
    },
  };
}
