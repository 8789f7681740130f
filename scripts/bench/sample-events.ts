/** Events with the distributions of a busy Linux host, the same for a seed. */
import type { AnyEvent } from '#shared/events/registry.gen.ts';

/** Park–Miller: enough for values that only have to look alike from run to run. */
export function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const programs = [
  'bash',
  'sh',
  'grep',
  'sed',
  'awk',
  'cat',
  'ls',
  'git',
  'make',
  'gcc',
  'python3',
  'node',
  'curl',
  'ssh',
  'rsync',
  'cron',
  'systemctl',
  'journalctl',
  'find',
  'tar',
];
/** Those of them that go to other hosts, with the ports they go to, and to how many hosts. */
const clients: readonly (readonly [string, readonly number[], number])[] = [
  ['python3', [443, 5432, 6379], 2_000],
  ['node', [443, 80, 5432, 6379], 2_000],
  ['curl', [443, 80], 8_000],
  ['git', [443], 8],
  ['ssh', [22], 8],
  ['rsync', [873], 4],
];
const users = ['root', 'www-data', 'postgres', 'deploy', 'alice', 'bob'];
const folders = ['/', '/root', '/home/alice/src/app', '/var/www/html', '/srv/jobs', '/tmp/build'];

const hex = (n: number) =>
  Math.floor(n * 2 ** 48)
    .toString(16)
    .padStart(12, '0');

function processStart(random: () => number, time: number): AnyEvent {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() ** 2 * list.length)] as T;
  const name = pick(programs);
  const parent = pick(programs);
  const user = pick(users);
  return {
    type: 'process.start',
    time,
    'process.pid': 1000 + Math.floor(random() * 60_000),
    'process.entity_id': hex(random()),
    'process.start': time - Math.floor(random() * 1e6),
    'process.name': name,
    'process.executable': `/usr/bin/${name}`,
    'process.command_line': `${name} --${pick(folders).slice(1) || 'all'} -n ${Math.floor(random() * 1000)} /srv/data/${Math.floor(random() * 5000)}.log`,
    'process.working_directory': pick(folders),
    'process.parent.pid': 500 + Math.floor(random() * 500),
    'process.parent.entity_id': hex(Math.floor(random() * 300) / 300),
    'process.parent.name': parent,
    'process.parent.executable': `/usr/bin/${parent}`,
    'process.parent.command_line': `${parent} /opt/jobs/${Math.floor(random() * 40)}.sh`,
    'process.session_id': 500 + Math.floor(random() * 50),
    'process.tty': random() < 0.2 ? 'pts/0' : undefined,
    'user.id': String(users.indexOf(user) * 100),
    'user.name': user,
  };
}

function processEnd(random: () => number, time: number): AnyEvent {
  const name = programs[Math.floor(random() ** 2 * programs.length)] as string;
  return {
    type: 'process.end',
    time,
    'process.pid': 1000 + Math.floor(random() * 60_000),
    'process.entity_id': hex(random()),
    'process.start': time - Math.floor(random() * 1e7),
    'process.end': time,
    'process.name': name,
    'process.executable': `/usr/bin/${name}`,
    'user.name': users[Math.floor(random() * users.length)],
  };
}

const addressOf = (host: number) => `10.${host >> 11}.${(host >> 8) & 7}.${host & 0xff}`;

function connection(random: () => number, time: number): AnyEvent {
  const [name, ports, hosts] = clients[
    Math.floor(random() ** 2 * clients.length)
  ] as (typeof clients)[number];
  return {
    type: 'network.connection',
    time,
    'event.action': random() < 0.5 ? 'connected' : 'closed',
    'network.transport': 'tcp',
    'network.initiated': true,
    'source.ip': '10.0.3.17',
    'source.port': 32_768 + Math.floor(random() * 28_000),
    'destination.ip': addressOf(Math.floor(random() * hosts)),
    'destination.port': ports[Math.floor(random() * ports.length)],
    'network.connection_id': hex(random()),
    'process.pid': 1000 + Math.floor(random() * 60_000),
    'process.entity_id': hex(random()),
    'process.name': name,
    'process.executable': `/usr/bin/${name}`,
    'process.command_line': `${name} --serve ${Math.floor(random() * 100)}`,
    'process.parent.name': 'systemd',
    'process.parent.executable': '/usr/lib/systemd/systemd',
    'user.name': users[Math.floor(random() * users.length)],
  };
}

/** `count` events: 55% process starts, 25% connections, 20% process ends, a millisecond apart. */
export function sampleEvents(random: () => number, count: number, from: number, gapUs = 1000): AnyEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const time = from + i * gapUs;
    const which = random();
    if (which < 0.55) return processStart(random, time);
    return which < 0.8 ? connection(random, time) : processEnd(random, time);
  });
}
