/** Makes the scratch host one that people work on: users, a syslog, SSH and cron. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hasProgram } from './scratch-host.ts';

/** Of the users who may sign in. */
export const password = 'correct horse';
/** Where acts are written as scripts before they are run. */
export const actFolder = '/opt/session';

/** An advisory in OSV's form about a package that exists only here. */
export const advisories = '/opt/scratch-advisory.json';
const advisory = {
  id: 'SCRATCH-2026-1',
  summary: 'A hole made up for this host',
  affected: [
    {
      package: { ecosystem: 'Debian', name: 'scratch-server' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2.0' }] }],
      database_specific: { severity: 'HIGH' },
    },
  ],
};

const logging = `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/dev/log" RateLimit.Interval="0")
auth,authpriv.* action(type="omfile" file="/var/log/auth.log" template="RSYSLOG_FileFormat")
*.*;auth,authpriv.none action(type="omfile" file="/var/log/syslog" template="RSYSLOG_FileFormat")
`;

/** What acts may use: a program that does nothing under the name of another, and a password for ssh. */
const library = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=\${HOME:-/root} DEBIAN_FRONTEND=noninteractive
pretend() { mkdir -p "$(dirname "$1")"; cp /usr/bin/true "$1"; }
enter() { SSH_ASKPASS=${actFolder}/password-$1 SSH_ASKPASS_REQUIRE=force setsid ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no -o ConnectTimeout=5 "\${@:2}"; }
`;

export function furnish(): void {
  for (const user of ['ada', 'bob', 'carl', 'dora', 'eve', 'fay'])
    must('useradd', '-m', '-s', '/bin/bash', user);
  must('usermod', '-aG', 'sudo', 'ada');
  const passwords = ['root', 'ada', 'bob', 'carl', 'dora', 'eve', 'fay'].map((user) => `${user}:${password}`);
  spawnSync('chpasswd', { input: passwords.join('\n') });
  for (const file of ['auth.log', 'syslog', 'wtmp', 'btmp', 'lastlog'])
    writeFileSync(`/var/log/${file}`, '', { mode: 0o640 });
  writeFileSync('/etc/rsyslog-scratch.conf', logging);
  rmSync('/etc/resolv.conf', { force: true });
  writeFileSync('/etc/resolv.conf', 'nameserver 198.51.100.1\noptions timeout:1 attempts:1\n');
  mkdirSync('/etc/sudoers.d', { recursive: true });
  if (existsSync('/etc/sudoers')) appendFileSync('/etc/sudoers', '\nDefaults !use_pty\n');
  if (hasProgram('ssh-keygen')) must('ssh-keygen', '-A');
  const settings = 'PermitRootLogin yes\nPasswordAuthentication yes\nMaxStartups 100\nLogLevel VERBOSE\n';
  if (existsSync('/etc/ssh/sshd_config.d')) writeFileSync('/etc/ssh/sshd_config.d/scratch.conf', settings);
  mkdirSync('/srv/files', { recursive: true });
  for (let n = 0; n < 60; n++) writeFileSync(`/srv/files/report-${n}.doc`, `report ${n}\n`.repeat(50));
  mkdirSync(actFolder, { recursive: true });
  writeFileSync(advisories, JSON.stringify(advisory));
  writeFileSync(`${actFolder}/library`, library);
  writeFileSync(`${actFolder}/password-right`, `#!/bin/sh\necho '${password}'\n`);
  writeFileSync(`${actFolder}/password-wrong`, '#!/bin/sh\necho not-this-one\n');
  for (const name of ['password-right', 'password-wrong']) chmodSync(`${actFolder}/${name}`, 0o755);
}

/** Daemons of the host, those that are installed. */
export function startDaemons(): readonly ChildProcess[] {
  const daemons: readonly (readonly string[])[] = [
    ['rsyslogd', '-n', '-f', '/etc/rsyslog-scratch.conf', '-i', '/run/rsyslogd.pid'],
    ['/usr/sbin/sshd', '-D'],
    ['cron', '-f'],
  ];
  return daemons
    .filter(([command = '']) => command.startsWith('/') || hasProgram(command))
    .filter(([command = '']) => !command.startsWith('/') || existsSync(command))
    .map(([command = '', ...args]) => spawn(command, args, { stdio: 'ignore', detached: true }));
}

function must(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}
