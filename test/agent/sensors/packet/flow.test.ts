import fc from 'fast-check';
import t from 'tap';
import { HeadStream, StreamBudget } from '../../../../agent/sensors/packet/flow/head-stream.ts';
import { timed } from './captures.ts';
import { connection, tcp, tcpFlags, turn, udp } from './frames.ts';
import { replayed } from './replayed.ts';

const ends = { from: '10.0.0.5', fromPort: 40_000, to: '10.0.0.1', toPort: 9000 };
const { syn, ack, fin, rst } = tcpFlags;

t.test(
  'a connection from begin to end, exact to the byte, across the wrap of sequence numbers',
  async (t) => {
    const frames = connection(
      ends,
      [
        ['client', Buffer.alloc(1000)],
        ['server', Buffer.alloc(5000)],
        ['client', Buffer.alloc(7)],
      ],
      { client: 0xffffff00, server: 0xffffffff },
    );
    const { events, faults } = replayed(frames);
    t.same(faults, []);
    t.match(events, [
      {
        type: 'network.flow',
        'event.action': 'ended',
        'event.reason': 'closed',
        'event.start': 1_700_000_000_000_000,
        'source.ip': '10.0.0.5',
        'source.bytes': 1007,
        'destination.bytes': 5000,
        'network.bytes': 6007,
        'network.flow.accuracy': 'exact',
        'tcp.flags': ['FIN', 'SYN', 'PSH', 'ACK'],
      },
    ]);
    t.equal(events.length, 1);
    const [flow] = replayed(frames).of('network.flow');
    t.equal(
      (flow?.['source.packets'] ?? 0) + (flow?.['destination.packets'] ?? 0),
      frames.length - 1,
      'but the last ACK',
    );
    t.equal(flow?.['event.duration'], (frames.length - 2) * 1e6);
  },
);

t.test('repeats and disorder change no count; only SYN and FIN seen is enough', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1400 }), { minLength: 1, maxLength: 20 }),
      fc.infiniteStream(fc.nat(9)),
      (sizes, dice) => {
        const frames = connection(
          ends,
          sizes.map((size, i) => [i % 2 === 0 ? 'client' : 'server', Buffer.alloc(size)] as const),
        );
        const middle = frames.slice(3, -3).flatMap((frame) => {
          const roll = dice.next().value as number;
          return roll === 0 ? [] : roll < 3 ? [frame, frame] : [frame];
        });
        const shuffled = middle
          .map((frame) => ({ frame, key: dice.next().value as number }))
          .sort((a, b) => a.key - b.key);
        const [flow] = replayed([
          ...frames.slice(0, 3),
          ...shuffled.map(({ frame }) => frame),
          ...frames.slice(-3),
        ]).of('network.flow');
        const sum = (from: number) => sizes.filter((_, i) => i % 2 === from).reduce((a, b) => a + b, 0);
        return (
          flow?.['source.bytes'] === sum(0) &&
          flow['destination.bytes'] === sum(1) &&
          flow['network.flow.accuracy'] === 'exact'
        );
      },
    ),
  );
});

t.test('more than sequence numbers can say, from the samples the filter lets through', async (t) => {
  const whole = connection(ends, []);
  const total = 10 * 2 ** 30 + 12_345;
  const every = 4 * 2 ** 20;
  const at = (sent: number) => (1001 + sent) % 2 ** 32;
  const samples = Array.from({ length: Math.floor(total / every) }, (_, i) =>
    tcp(ends, {
      sequence: at((i + 1) * every),
      acknowledgement: 9001,
      flags: ack,
      payload: Buffer.alloc(100),
    }),
  );
  const frames = [
    ...whole.slice(0, 3),
    ...samples,
    tcp(ends, { sequence: at(total), acknowledgement: 9001, flags: fin | ack }),
    tcp(turn(ends), { sequence: 9001, acknowledgement: at(total + 1), flags: fin | ack }),
  ];
  t.match(replayed(frames).of('network.flow'), [
    { 'source.bytes': total, 'destination.bytes': 0, 'network.flow.accuracy': 'exact' },
  ]);
});

t.test('refused, unanswered, reset, joined midway, and left open', async (t) => {
  const first = tcp(ends, { sequence: 5, flags: syn });
  const flowOf = (...frames: Buffer[]) => replayed(timed(frames)).of('network.flow');
  t.match(flowOf(first, tcp(turn(ends), { sequence: 0, acknowledgement: 6, flags: rst | ack })), [
    { 'event.reason': 'refused', 'network.bytes': 0, 'network.flow.accuracy': 'exact' },
  ]);
  const quiet = udp({ ...ends, from: '10.0.0.7' }, Buffer.alloc(1));
  t.match(replayed([...timed([first]), ...timed([quiet], 1_700_000_100_000_000)]).of('network.flow'), [
    { 'event.reason': 'unanswered' },
    { 'event.reason': 'capture-ended', 'network.transport': 'udp' },
  ]);
  const whole = connection(ends, [['client', Buffer.alloc(100)]]);
  const reset = tcp(turn(ends), { sequence: 9001, acknowledgement: 1101, flags: rst | ack });
  t.match(flowOf(...whole.slice(0, 4), reset), [
    { 'event.reason': 'reset', 'source.bytes': 100, 'network.flow.accuracy': 'sequence' },
  ]);
  t.match(flowOf(...whole.slice(3)), [
    { 'event.reason': 'closed', 'source.bytes': 100, 'network.flow.accuracy': 'at-least' },
  ]);
  t.match(flowOf(...whole.slice(0, 4)), [{ 'event.reason': 'capture-ended', 'event.action': 'ended' }]);
  t.same(flowOf(...whole.slice(-3)), [], 'an end of what was never seen is nothing');
});

t.test('a flow that goes on is told now and then, when something came', async (t) => {
  const whole = connection(ends, [
    ['client', Buffer.alloc(100)],
    ['server', Buffer.alloc(900)],
  ]);
  const frames = timed(whole, 1e15, 400e6);
  const told = replayed(frames, { flowReportUs: 300e6 }).of('network.flow');
  t.same(
    told.map((event) => [event['event.action'], event['network.bytes']]),
    [
      ['ongoing', 100],
      ['ongoing', 1000],
      ['ended', 1000],
    ],
  );
});

t.test('the same ports again are another connection', async (t) => {
  const one = connection(ends, [['client', Buffer.alloc(10)]]);
  const two = connection(ends, [['client', Buffer.alloc(20)]], { client: 500_000, server: 600_000 });
  t.same(
    replayed([...one, ...two])
      .of('network.flow')
      .map((event) => event['source.bytes']),
    [10, 20],
  );
  const cut = replayed([...one.slice(0, 4), ...two]).of('network.flow');
  t.same(
    cut.map((event) => [event['source.bytes'], event['event.reason']]),
    [
      [10, 'idle'],
      [20, 'closed'],
    ],
  );
});

t.test('UDP: bytes and packets, both ways; DNS makes no flow', async (t) => {
  const frames = [
    udp(ends, Buffer.alloc(10)),
    udp(turn(ends), Buffer.alloc(300)),
    udp(ends, Buffer.alloc(5)),
  ];
  t.match(replayed(frames).of('network.flow'), [
    {
      'source.bytes': 15,
      'destination.bytes': 300,
      'source.packets': 2,
      'destination.packets': 1,
      'network.flow.accuracy': 'exact',
      'tcp.flags': undefined,
    },
  ]);
  t.same(replayed([udp({ ...ends, toPort: 53 }, Buffer.alloc(5))]).of('network.flow'), []);
});

t.test('connections that come and go do not put out one that stays', async (t) => {
  const whole = connection(ends, [['client', Buffer.alloc(9)]]);
  const short = Array.from({ length: 300 }, (_, i) => connection({ ...ends, fromPort: 1000 + i }, []));
  const { of, traffic } = replayed([...whole.slice(0, 4), ...short.flat(), ...whole.slice(4)], { flows: 64 });
  t.equal(traffic.givenUp.flows, 0);
  t.ok(of('network.flow').every((event) => event['event.reason'] === 'closed'));
  t.equal(of('network.flow').length, 301);
});

t.test('a flood of SYNs takes the place of its like only', async (t) => {
  const [begin, end] = [
    connection(ends, [['client', Buffer.alloc(9)]]).slice(0, 4),
    connection(ends, [['client', Buffer.alloc(9)]]).slice(4),
  ];
  const flood = Array.from({ length: 500 }, (_, i) =>
    tcp(
      { from: `10.1.${i >> 8}.${i & 255}`, fromPort: 1000 + i, to: '10.0.0.1', toPort: 9000 },
      { sequence: i, flags: syn },
    ),
  );
  const { of, traffic } = replayed([...begin, ...flood, ...end], { flows: 64 });
  t.equal(traffic.givenUp.flows, 500 - 32);
  t.match(
    of('network.flow').find((event) => event['source.ip'] === '10.0.0.5'),
    { 'event.reason': 'closed', 'source.bytes': 9 },
  );
});

t.test(
  'streams: any order of any overlapping segments gives the bytes, or no more than the bound',
  async () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255));
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.array(fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 120 })), { maxLength: 30 }),
        fc.integer({ min: 1, max: 400 }),
        (first, parts, most) => {
          const budget = new StreamBudget(10_000);
          const stream = new HeadStream(first, most, budget);
          const seen = new Set<number>();
          for (const [from, length] of parts) {
            const to = Math.min(300, from + length);
            if (stream.offer((first + from) >>> 0, bytes, from, to) === 'refused') break;
            for (let i = from; i < to; i++) seen.add(i);
            const isPrefix = stream.bytes.equals(bytes.subarray(0, stream.bytes.length));
            if (!isPrefix || stream.bytes.length > most) return false;
            let gap = 0;
            while (seen.has(gap) && gap < most) gap++;
            if (stream.bytes.length !== gap) return false;
          }
          stream.end();
          return budget.heldBytes === 0;
        },
      ),
      { numRuns: 1000 },
    );
  },
);

t.test('streams that grow byte by byte are looked at a few times only, and to the last byte', async (t) => {
  const stream = new HeadStream(0, 12_000, new StreamBudget(100_000));
  const byte = Buffer.from([1]);
  let looks = 0;
  for (let i = 0; i < 12_000; i++) {
    stream.offer(i, byte, 0, 1);
    if (!stream.isDue) continue;
    looks++;
    stream.postpone(0);
  }
  t.ok(looks > 16 && looks < 80, `${looks} looks`);
  t.equal(stream.isDue, true, 'it is full');
});

t.test('streams together hold no more than their budget', async (t) => {
  const begun = (i: number) => ({
    from: `10.2.${i >> 8}.${i & 255}`,
    fromPort: 1000 + i,
    to: '10.0.0.1',
    toPort: 443,
  });
  const frames = Array.from({ length: 400 }, (_, i) => [
    tcp(begun(i), { sequence: 0, flags: syn }),
    tcp(begun(i), {
      sequence: 1,
      flags: ack,
      payload: Buffer.concat([Buffer.from([22, 3, 1, 0x20, 0, 1, 0, 0x1f, 0]), Buffer.alloc(1000)]),
    }),
  ]).flat();
  const { traffic } = replayed(frames, { streamBytes: 65_536 });
  t.ok(traffic.givenUp.streams >= 400 - 64, String(traffic.givenUp.streams));
});

t.test('FIN alone, or with data, from either side', async (t) => {
  const start = connection(ends, []).slice(0, 3);
  const frames = [
    ...start,
    tcp(turn(ends), { sequence: 9001, acknowledgement: 1001, flags: ack | fin, payload: Buffer.alloc(50) }),
    tcp(ends, { sequence: 1001, acknowledgement: 9052, flags: ack, payload: Buffer.alloc(30) }),
    tcp(ends, { sequence: 1031, acknowledgement: 9052, flags: ack | fin }),
  ];
  t.match(replayed(frames).of('network.flow'), [
    { 'source.bytes': 30, 'destination.bytes': 50, 'network.flow.accuracy': 'exact' },
  ]);
});
