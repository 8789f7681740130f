import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import type { WatchedPath } from './path-rules.ts';
import type { FileHost } from './watched-files.ts';

/** Homes that are watched. */
const maxHomes = 256;

/** By set, paths of the system and paths under every user's home. */
interface Places {
  readonly homes: string;
  readonly watchSource: string;
  readonly system: readonly (readonly [set: string, glob: string])[];
  readonly user: readonly (readonly [set: string, glob: string])[];
}

const shells: Places['user'] = [
  ['persistence', '.{bashrc,bash_profile,bash_login,bash_logout,profile,zshrc,zshenv,zprofile,zlogin}'],
  ['credentials', '.ssh/**'],
  ['credentials', '.{netrc,git-credentials}'],
];

/** ATT&CK T1543.001, T1543.004, T1547.015, T1053, T1546.004, T1098.004. */
const darwin: Places = {
  homes: '/Users',
  watchSource: 'kqueue',
  system: [
    ['persistence', '/Library/{LaunchAgents,LaunchDaemons,StartupItems}/**'],
    ['persistence', '/Library/Security/SecurityAgentPlugins/*'],
    ['persistence', '/private/etc/{crontab,profile,bashrc,zshrc,zshenv,zprofile,launchd.conf,rc.common}'],
    ['persistence', '/private/etc/{periodic,pam.d,emond.d}/**'],
    ['persistence', '/private/var/at/**'],
    ['credentials', '/private/etc/{passwd,master.passwd,group,sudoers,hosts}'],
    ['credentials', '/private/etc/{sudoers.d,ssh}/**'],
    ['programs', '/usr/local/{bin,sbin}/*'],
  ],
  user: [...shells, ['persistence', 'Library/LaunchAgents/**']],
};

/** ATT&CK T1547.001, T1053.005, T1565 (hosts), T1098.004. */
const win32: Places = {
  homes: 'C:/Users',
  watchSource: 'ReadDirectoryChanges',
  system: [
    ['persistence', 'C:/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/**'],
    ['persistence', 'C:/Windows/System32/Tasks/**'],
    ['persistence', 'C:/Windows/System32/{drivers,WindowsPowerShell/v1.0}/*.{sys,ps1}'],
    ['credentials', 'C:/Windows/System32/drivers/etc/*'],
    ['credentials', 'C:/ProgramData/ssh/**'],
  ],
  user: [
    ['persistence', 'AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/**'],
    ['persistence', 'Documents/{PowerShell,WindowsPowerShell}/*.ps1'],
    ['credentials', '.ssh/**'],
  ],
};

/** Systems of which nothing more is known than that they are like Unix. */
const other: Places = {
  homes: '/home',
  watchSource: process.platform === 'linux' ? 'inotify' : 'fs-watch',
  system: [
    ['persistence', '/etc/{crontab,profile,rc.local,rc.conf}'],
    ['persistence', '/etc/{cron.d,rc.d,init.d,pam.d,profile.d}/**'],
    ['credentials', '/etc/{passwd,group,sudoers,hosts,master.passwd,shadow}'],
    ['programs', '/usr/local/{bin,sbin}/*'],
  ],
  user: shells,
};

/** The declared paths of macOS, Windows and other systems. Ids have no names there that a file could tell. */
export function filePortable(): FileHost {
  const { homes, watchSource, system, user } = { darwin, win32 }[process.platform as string] ?? other;
  let known = '';
  let paths: readonly WatchedPath[] = [];
  return {
    kind: 'portable',
    watchSource,
    names: { userName: () => undefined, groupName: () => undefined },
    note: () => undefined,
    paths() {
      const now = homesIn(homes);
      if (known !== now.join('\n') || paths.length === 0) {
        known = now.join('\n');
        const ofUsers = now.flatMap((home) => user.map(([set, path]) => [set, `${home}/${path}`] as const));
        paths = [...system, ...ofUsers].map(([set, glob]) => ({ set, glob }));
      }
      return paths;
    },
  };
}

function homesIn(folder: string): string[] {
  const own = homedir().replaceAll('\\', '/');
  try {
    const names = readdirSync(folder).filter((name) => !/[*?{}]/.test(name));
    const homes = names.slice(0, maxHomes).map((name) => `${folder}/${name}`);
    return homes.includes(own) ? homes : [own, ...homes];
  } catch {
    return [own];
  }
}
