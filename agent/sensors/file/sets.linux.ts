import type { WatchedPath } from './path-rules.ts';

/** Folders that hold the parts of a Linux host. */
export interface LinuxRoots {
  readonly etc: string;
  readonly var: string;
  readonly lib: string;
  /** Of everything else; empty for the real one. */
  readonly fs: string;
}

/**
 * Where programs are started from without anybody asking (ATT&CK T1053, T1543, T1546, T1547, T1037, T1098.004,
 * T1574.006, T1556.003).
 */
function persistence({ etc, var: state, lib, fs }: LinuxRoots): string[] {
  const inEtc = [
    'crontab',
    'anacrontab',
    'cron.{d,hourly,daily,weekly,monthly,yearly}/**',
    'cron.{allow,deny}',
    'at.{allow,deny}',
    'systemd/system/**',
    'systemd/user/**',
    'systemd/{system,user}-{generators,environment-generators}/**',
    'systemd/system.conf',
    'init.d/**',
    'init/**',
    'rc?.d/**',
    'rc.local',
    'rc.d/**',
    'inittab',
    'profile',
    'profile.d/**',
    'bash.bashrc',
    'bashrc',
    'bash_completion.d/**',
    'zsh/**',
    '{zshenv,zshrc,zprofile,zlogin}',
    'environment',
    'skel/**',
    'ld.so.preload',
    'ld.so.conf',
    'ld.so.conf.d/**',
    'pam.conf',
    'pam.d/**',
    'security/*.conf',
    'nsswitch.conf',
    'ssh/sshd_config',
    'ssh/sshd_config.d/**',
    'ssh/{ssh_config,sshrc}',
    'udev/rules.d/**',
    'modules',
    'modules-load.d/**',
    'modprobe.d/**',
    'update-motd.d/**',
    'xdg/autostart/**',
    'apt/apt.conf.d/**',
    'dbus-1/system.d/**',
    'polkit-1/rules.d/**',
    'NetworkManager/dispatcher.d/**',
    'network/if-{up,down,pre-up,post-down}.d/**',
    'dhcp/dhclient-{enter,exit}-hooks.d/**',
    'logrotate.d/**',
  ];
  return [
    ...inEtc.map((path) => `${etc}/${path}`),
    `${state}/spool/cron/**`,
    `${state}/spool/at/**`,
    `${state}/spool/anacron/**`,
    `${lib}/systemd/system/**`,
    `${lib}/udev/rules.d/**`,
    ...['system', 'user', 'system-generators', 'user-generators', 'system-shutdown', 'system-sleep'].map(
      (name) => `${fs}/usr/lib/systemd/${name}/**`,
    ),
    `${fs}/usr/lib/udev/rules.d/**`,
    `${fs}/usr/lib/modules-load.d/**`,
    `${fs}/usr/local/lib/systemd/**`,
  ];
}

/** What decides who may come in and as whom (T1003.008, T1098, T1136, T1548.003). */
function credentials({ etc }: LinuxRoots): string[] {
  return [
    '{passwd,shadow,group,gshadow,subuid,subgid}',
    'login.defs',
    'sudoers',
    'sudoers.d/**',
    'doas.conf',
    'ssh/ssh_host_*',
    'krb5.conf',
    'krb5.keytab',
    'security/opasswd',
    '{hosts,hosts.allow,hosts.deny,resolv.conf}',
    'ssl/private/**',
  ].map((path) => `${etc}/${path}`);
}

/** Of every user (T1546.004, T1098.004, T1552.001, T1547.013). */
const ofUsers: readonly (readonly [set: string, path: string])[] = [
  [
    'persistence',
    '.{bashrc,bash_profile,bash_login,bash_logout,bash_aliases,profile,zshrc,zshenv,zprofile,zlogin}',
  ],
  ['persistence', '.{xinitrc,xprofile,xsession,xsessionrc,pam_environment,vimrc,gitconfig,forward,rhosts}'],
  ['persistence', '.config/autostart/**'],
  ['persistence', '.config/systemd/user/**'],
  ['persistence', '.config/fish/*'],
  ['persistence', '.local/share/systemd/user/**'],
  ['credentials', '.ssh/**'],
  ['credentials', '.{netrc,pgpass,my.cnf,git-credentials,npmrc,pypirc,k5login}'],
  ['credentials', '.{aws,kube,docker}/{credentials,config,config.json}'],
  ['credentials', '.gnupg/*.{conf,gpg,kbx}'],
];

/** The declared paths of a Linux host whose users live in `homes`. */
export function linuxPaths(roots: LinuxRoots, homes: readonly string[]): WatchedPath[] {
  const of = (set: string) => (glob: string) => ({ set, glob });
  return [
    ...persistence(roots).map(of('persistence')),
    ...credentials(roots).map(of('credentials')),
    ...['bin', 'sbin'].map((name) => of('programs')(`${roots.fs}/usr/local/${name}/*`)),
    ...homes.flatMap((home) => ofUsers.map(([set, path]) => of(set)(`${home}/${path}`))),
    ...['tmp', 'var/tmp', 'dev/shm'].map((name) => ({
      set: 'temporary',
      glob: `${roots.fs}/${name}/*`,
      only: 'executables' as const,
    })),
  ];
}
