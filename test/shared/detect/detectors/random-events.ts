import type { EventType } from '#shared/events/registry.gen.ts';
import { randomFrom, type TestEvent } from './stream.ts';

const programs = ['/usr/bin/curl', '/opt/agent', '/tmp/qzxkvwjh', '/usr/sbin/sshd'];
const users = ['ada', 'eve', 'root'];

/** Events of these types in order of time, of a few hosts, programs and users, so that much comes together. */
export function randomEvents(
  types: readonly string[],
  seed: number,
  count: number,
  hosts = 3,
): readonly TestEvent[] {
  const random = randomFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const number = (below: number) => Math.floor(random() * below);
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    // Now and then long enough for windows to end.
    at += random() < 0.02 ? 400 : random() * 8;
    const type = pick(types) as EventType;
    const entity = `e${number(6)}`;
    return {
      ...{ type, at, host: `h${number(hosts)}` },
      ...{ 'process.executable': pick(programs), 'process.entity_id': entity, 'process.pid': 7 },
      ...{ 'process.parent.executable': pick(programs), 'process.parent.pid': 1, 'process.name': 'p' },
      ...{ 'process.start': 1_800_000_000e6 + (at - random() * 3) * 1e6, 'process.command_line': 'a b' },
      ...{ 'user.name': pick(users), 'user.audit.name': pick([...users, 'mallory']) },
      ...{ 'event.action': actionOf(type, pick), 'event.outcome': 'success', 'network.transport': 'tcp' },
      ...{ 'network.initiated': true, 'network.connection_id': `c${i}`, 'network.protocol': 'dns' },
      ...{ 'source.ip': `203.0.${number(4)}.9`, 'source.port': number(40), 'source.bytes': number(9_000) },
      ...{ 'destination.ip': `198.51.100.${number(4)}`, 'destination.port': 440 + number(4) },
      ...{ 'destination.bytes': number(100), 'event.reason': pick(['refused', 'closed']) },
      ...{ 'dns.question.name': `x${number(500)}.y${number(3)}.example${number(20)}.org` },
      ...{ 'dns.response_code': pick(['NXDOMAIN', 'NOERROR']), 'dns.question.type': 'TXT' },
      ...{ 'file.path': pick([...programs, `/etc/f${number(60)}.locked`, `/usr/bin/f${number(9)}`]) },
      ...{ 'file.previous.path': `/home/f${number(60)}.txt`, 'file.type': 'file' },
      ...{ 'log.offset': number(1_000), 'log.file.path': `/var/log/${number(3)}`, 'log.source': 'wtmp' },
      ...{ 'authentication.method': pick(['password', 'publickey']), message: 'm' },
      ...{ 'package.type': 'deb', 'package.name': pick(['openssl', 'curl']) },
      ...{ 'package.version': `1.${number(3)}` },
    };
  });
}

function actionOf(type: string, pick: <T>(values: readonly T[]) => T): string {
  if (type === 'network.connection') return pick(['connected', 'failed', 'closed', 'listening']);
  if (type === 'network.flow') return 'ended';
  if (type === 'login') return 'login';
  return type === 'package.change' ? 'installed' : 'opened';
}
