import t from 'tap';
import { timed } from './captures.ts';
import { tcp, tcpFlags, turn } from './frames.ts';
import { replayed } from './replayed.ts';

const { syn, ack, rst } = tcpFlags;
const attempt = (toPort: number, to = '10.0.0.1', from = '10.9.9.9') => ({
  from,
  fromPort: 50_000 + (toPort % 1000),
  to,
  toPort,
});
const knock = (ends: ReturnType<typeof attempt>) => tcp(ends, { sequence: 1, flags: syn });
const refuse = (ends: ReturnType<typeof attempt>) =>
  tcp(turn(ends), { sequence: 0, acknowledgement: 2, flags: rst | ack });
const accept = (ends: ReturnType<typeof attempt>) =>
  tcp(turn(ends), { sequence: 7, acknowledgement: 2, flags: syn | ack });
const ports = (count: number) => Array.from({ length: count }, (_, i) => 1 + i);

t.test('ports refused one after the other: told when plain, and summed up', async (t) => {
  const frames = ports(100).flatMap((port) => [
    knock(attempt(port)),
    port === 80 ? accept(attempt(port)) : refuse(attempt(port)),
  ]);
  const { of, faults } = replayed(frames);
  t.same(faults, []);
  t.match(of('network.scan'), [
    {
      'event.action': 'began',
      'network.scan.kind': 'ports',
      'source.ip': '10.9.9.9',
      'destination.ip': '10.0.0.1',
      'network.scan.refused': 20,
      'network.scan.targets': 20,
    },
    {
      'event.action': 'window-ended',
      'network.scan.targets': 100,
      'network.scan.ports': 100,
      'network.scan.hosts': 1,
      'network.scan.refused': 99,
      'network.scan.accepted': 1,
      'network.scan.unanswered': 0,
      'network.scan.syns': 100,
    },
  ]);
  t.equal(
    of('network.flow').filter((flow) => flow['event.reason'] === 'refused').length,
    20 - 1 + 0,
    'refusals of a known scan are in its counts',
  );
});

t.test('hosts that do not answer, and a sweep over both', async (t) => {
  const hosts = ports(40).map((i) => knock(attempt(445, `10.3.0.${i}`)));
  const later = knock(attempt(9, '10.0.0.8', '10.0.0.7'));
  const quiet = replayed([...timed(hosts), ...timed([later], 1_700_000_010_000_000)]).of('network.scan');
  t.match(quiet, [
    { 'event.action': 'began', 'network.scan.kind': 'hosts', 'network.scan.unanswered': 40 },
    { 'event.action': 'window-ended' },
  ]);
  const both = ports(20).flatMap((i) => ports(20).map((port) => knock(attempt(port, `10.3.0.${i}`))));
  t.match(replayed(both).of('network.scan')[1], {
    'network.scan.kind': 'both',
    'network.scan.targets': 400,
    'network.scan.hosts': 20,
    'network.scan.ports': 20,
  });
});

t.test('a busy client is no scanner', async (t) => {
  const many = ports(150).flatMap((i) => [
    knock(attempt(443, `10.3.0.${i}`)),
    accept(attempt(443, `10.3.0.${i}`)),
  ]);
  t.same(replayed(many).of('network.scan'), []);
  const again = Array.from({ length: 200 }, () => [knock(attempt(5432)), refuse(attempt(5432))]).flat();
  t.same(replayed(again).of('network.scan'), [], 'one target, tried again and again');
  const slow = ports(60).flatMap((port) => [knock(attempt(port)), refuse(attempt(port))]);
  t.same(replayed(timed(slow, 1e15, 5e6)).of('network.scan'), [], 'twelve in a minute');
});

t.test('bounds: targets of a source, sources, targets of all', async (t) => {
  const wide = Array.from({ length: 3000 }, (_, i) => knock(attempt(1 + i)));
  t.match(
    replayed(timed(wide, 1e15, 1))
      .of('network.scan')
      .at(-1),
    { 'network.scan.capped': true, 'network.scan.targets': 1024, 'network.scan.syns': 3000 },
  );
  const flood = Array.from({ length: 5000 }, (_, i) =>
    knock(attempt(80, '10.0.0.1', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)),
  );
  const { traffic, of } = replayed(timed(flood, 1e15, 1));
  t.equal(traffic.givenUp.scanWindows, 5000 - 1024);
  t.same(of('network.scan'), []);
});
