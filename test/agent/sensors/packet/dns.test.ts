import fc from 'fast-check';
import t from 'tap';
import { parseMessage } from '../../../../agent/sensors/packet/dns/message.ts';
import { nameAt } from '../../../../agent/sensors/packet/dns/names.ts';
import { recordText } from '../../../../agent/sensors/packet/dns/record-data.ts';
import { timed } from './captures.ts';
import {
  address,
  connection,
  type DnsSpec,
  dnsMessage,
  dnsName,
  prefixed,
  turn,
  u16,
  u32,
  udp,
} from './frames.ts';
import { replayed } from './replayed.ts';

const ends = { from: '10.0.0.5', fromPort: 40_000, to: '10.0.0.1', toPort: 53 };
const question = (id: number, name: string, type = 1): DnsSpec => ({
  id,
  flags: 0x0100,
  questions: [{ name, type }],
});
/** The name of the first question. */
const pointer = Buffer.from([0xc0, 12]);

t.test('names: labels, pointers, and what is neither', async (t) => {
  const message = Buffer.concat([
    Buffer.alloc(12),
    dnsName('WWW.Example.com'),
    Buffer.from([3, 0x6e, 0x73, 0x31, 0xc0, 16]),
  ]);
  t.same(nameAt(message, 0, message.length, 12), { text: 'www.example.com', next: 29 });
  t.same(nameAt(message, 0, message.length, 29), { text: 'ns1.example.com', next: 35 });
  t.same(nameAt(Buffer.from([0]), 0, 1, 0), { text: '.', next: 1 });
  t.equal(nameAt(Buffer.from([0xc0, 0]), 0, 2, 0), undefined, 'points at itself');
  t.equal(nameAt(Buffer.from([1, 0x61, 0xc0, 0]), 0, 4, 0), undefined, 'a circle');
  t.equal(nameAt(Buffer.from([0xc0, 2, 0]), 0, 3, 0), undefined, 'forwards');
  t.equal(nameAt(Buffer.from([3, 0x61]), 0, 2, 0), undefined, 'cut');
  t.equal(nameAt(Buffer.from([0x41, 0]), 0, 2, 0), undefined, 'a kind of label never put to use');
  const odd = Buffer.concat([prefixed(1, Buffer.from('a.b\\\x1b[2J\n')), Buffer.from([0])]);
  t.equal(nameAt(odd, 0, odd.length, 0)?.text, 'a\\046b\\092\\027[2j\\010');
  const long = Buffer.concat([
    ...Array<Buffer>(5).fill(prefixed(1, Buffer.alloc(60, 0x61))),
    Buffer.from([0]),
  ]);
  t.equal(nameAt(long, 0, long.length, 0), undefined, 'longer than 255');
});

t.test('records are written much as zone files have them', async (t) => {
  const text = (type: number, ...parts: Uint8Array[]) => {
    const data = Buffer.concat(parts);
    return recordText(data, 0, data.length, type, 0, data.length);
  };
  t.equal(text(1, address('192.0.2.1')), '192.0.2.1');
  t.equal(text(28, address('2001:db8::1')), '2001:db8::1');
  t.equal(text(5, dnsName('Target.example')), 'target.example');
  t.equal(text(15, u16(10), dnsName('mx.example')), '10 mx.example');
  t.equal(text(33, u16(1), u16(2), u16(443), dnsName('srv.example')), '1 2 443 srv.example');
  t.equal(text(16, prefixed(1, Buffer.from('v=spf1 -all'))), 'v=spf1 -all');
  t.equal(text(16, prefixed(1, Buffer.from('a"')), prefixed(1, Buffer.from('b'))), '"a\\034" "b"');
  t.equal(text(6, dnsName('a'), dnsName('b'), ...[1, 2, 3, 4, 5].map(u32)), 'a b 1 2 3 4 5');
  t.equal(
    text(257, Buffer.from([0]), prefixed(1, Buffer.from('issue')), Buffer.from('ca.example')),
    '0 issue "ca.example"',
  );
  t.equal(text(43, u16(7), Buffer.from([8, 2, 0xab, 0xcd])), '7 8 2 abcd');
  t.equal(
    text(
      65,
      u16(1),
      dnsName(''),
      u16(1),
      prefixed(2, prefixed(1, Buffer.from('h2')), prefixed(1, Buffer.from('h3'))),
      u16(4),
      prefixed(2, address('192.0.2.7')),
    ),
    '1 . alpn=h2,h3 ipv4hint=192.0.2.7',
  );
  t.equal(text(999, Buffer.from([1, 2])), '\\# 2 0102');
  t.equal(text(999), '\\# 0');
  t.equal(text(1, Buffer.from([1, 2])), '\\# 2 0102', 'an address that is none');
  t.equal(text(15, u16(1)), '\\# 2 0001');
});

t.test('one event for a question and its answer', async (t) => {
  const answer: DnsSpec = {
    ...question(7, 'www.Example.com'),
    flags: 0x8580,
    answers: [
      { name: pointer, type: 5, data: dnsName('cdn.example.net') },
      { name: dnsName('cdn.example.net'), type: 1, ttl: 60, data: address('192.0.2.9') },
    ],
  };
  const { events, faults } = replayed([
    udp(ends, dnsMessage(question(7, 'www.Example.com'))),
    udp(turn(ends), dnsMessage(answer)),
  ]);
  t.same(faults, []);
  t.equal(events.length, 1);
  t.match(events[0], {
    type: 'dns.query',
    time: 1_700_000_000_000_000,
    'dns.question.name': 'www.example.com',
    'dns.question.type': 'A',
    'dns.question.class': 'IN',
    'dns.id': '7',
    'dns.response_code': 'NOERROR',
    'dns.query_status': 0,
    'dns.header_flags': ['AA', 'RD', 'RA'],
    'dns.answers.data': ['cdn.example.net', '192.0.2.9'],
    'dns.answers.type': ['CNAME', 'A'],
    'dns.answers.ttl': ['300', '60'],
    'dns.resolved_ip': ['192.0.2.9'],
    'event.duration': 1_000_000,
    'network.transport': 'udp',
    'network.protocol': 'dns',
    'source.ip': '10.0.0.5',
    'source.port': 40_000,
    'destination.ip': '10.0.0.1',
    'destination.port': 53,
  });
});

t.test('copies, repeats, errors, EDNS codes and questions that nobody answers', async (t) => {
  const ask = udp(ends, dnsMessage(question(7, 'a.example')));
  const nothing = udp(turn(ends), dnsMessage({ ...question(7, 'a.example'), flags: 0x8183 }));
  const copies = replayed([ask, ask, nothing, nothing]).of('dns.query');
  t.match(copies, [
    { 'dns.response_code': 'NXDOMAIN', 'dns.query_status': 9003, 'dns.answers.data': undefined },
  ]);
  t.equal(copies.length, 1);

  const silent = replayed([ask, udp(ends, dnsMessage(question(8, 'b.example', 28)))]).of('dns.query');
  t.match(silent, [
    { 'dns.question.name': 'a.example' },
    { 'dns.question.name': 'b.example', 'dns.question.type': 'AAAA' },
  ]);
  t.ok(silent.every((event) => event['dns.response_code'] === undefined));

  const late = replayed(timed([ask, udp(ends, dnsMessage(question(9, 'c.example')))], 1e15, 20e6)).of(
    'dns.query',
  );
  t.equal(late[0]?.time, 1e15, 'a question whose time is over is told before the next');

  const edns = { name: Buffer.from([0]), type: 41, ttl: 0x01000000, data: Buffer.alloc(0) };
  const bad = udp(turn(ends), dnsMessage({ ...question(7, 'a.example'), flags: 0x8180, additional: [edns] }));
  t.match(replayed([ask, bad]).of('dns.query'), [{ 'dns.response_code': 'BADVERS' }]);

  const other = udp(turn(ends), dnsMessage({ ...question(7, 'evil.example'), flags: 0x8180 }));
  t.same(
    replayed([ask, other])
      .of('dns.query')
      .map((event) => [event['dns.question.name'], event['dns.response_code']])
      .sort(),
    [
      ['a.example', undefined],
      ['evil.example', 'NOERROR'],
    ],
    'an answer to another question is not its answer',
  );
});

t.test('over TCP: several messages in one stream, cut anywhere', async () => {
  const ask = [
    prefixed(2, dnsMessage(question(1, 'one.example'))),
    prefixed(2, dnsMessage(question(2, 'two.example', 16))),
  ];
  const reply = (id: number, name: string, type: number) =>
    prefixed(
      2,
      dnsMessage({
        ...question(id, name, type),
        flags: 0x8180,
        answers: [{ name: pointer, type: 16, data: prefixed(1, Buffer.alloc(200, 0x78)) }],
      }),
    );
  const asked = Buffer.concat(ask);
  const told = Buffer.concat([reply(1, 'one.example', 1), reply(2, 'two.example', 16)]);
  fc.assert(
    fc.property(fc.nat(asked.length), fc.nat(told.length), (a, b) => {
      const frames = connection(ends, [
        ['client', asked.subarray(0, a)],
        ['client', asked.subarray(a)],
        ['server', told.subarray(0, b)],
        ['server', told.subarray(b)],
      ]);
      const events = replayed(frames).of('dns.query');
      return (
        events.length === 2 &&
        events.every(
          (event) => event['network.transport'] === 'tcp' && event['dns.response_code'] === 'NOERROR',
        ) &&
        events.map((event) => event['dns.question.name']).join() === 'one.example,two.example'
      );
    }),
  );
});

t.test('over TCP, byte by byte: every message once', async (t) => {
  const asked = Array.from({ length: 30 }, (_, i) => prefixed(2, dnsMessage(question(i, `n${i}.example`))));
  const told = Array.from({ length: 30 }, (_, i) =>
    prefixed(2, dnsMessage({ ...question(i, `n${i}.example`), flags: 0x8180 })),
  );
  const bytes = (parts: readonly Buffer[]) => Array.from(Buffer.concat(parts), (byte) => Buffer.from([byte]));
  const frames = connection(ends, [
    ...bytes(asked).map((byte) => ['client', byte] as const),
    ...bytes(told).map((byte) => ['server', byte] as const),
  ]);
  const events = replayed(timed(frames, 1e15, 1)).of('dns.query');
  t.same(
    events.map((event) => [event['dns.question.name'], event['dns.response_code']]),
    asked.map((_, i) => [`n${i}.example`, 'NOERROR']),
  );
});

t.test('multicast and link-local names', async (t) => {
  const group = { from: '10.0.0.5', fromPort: 5353, to: '224.0.0.251', toPort: 5353 };
  const ask = udp(
    group,
    dnsMessage({ id: 0, flags: 0, questions: [{ name: '_http._tcp.local', type: 12 }] }),
  );
  const tell = udp(
    { ...group, from: '10.0.0.9' },
    dnsMessage({
      id: 0,
      flags: 0x8400,
      answers: [{ name: dnsName('_http._tcp.local'), type: 12, data: dnsName('printer') }],
    }),
  );
  const events = replayed([ask, ask, tell, tell]).of('dns.query');
  t.match(events, [
    { 'network.protocol': 'mdns', 'dns.question.name': '_http._tcp.local', 'dns.response_code': undefined },
    { 'network.protocol': 'mdns', 'source.ip': '10.0.0.9', 'dns.answers.data': ['printer'] },
  ]);
  t.equal(events.length, 2, 'repeats are told once');

  const llmnr = { from: '10.0.0.5', fromPort: 50_000, to: '224.0.0.252', toPort: 5355 };
  const back = { from: '10.0.0.77', fromPort: 5355, to: '10.0.0.5', toPort: 50_000 };
  const spec = { id: 3, flags: 0, questions: [{ name: 'wpad', type: 1 }] };
  const found = replayed([
    udp(llmnr, dnsMessage(spec)),
    udp(
      back,
      dnsMessage({
        ...spec,
        flags: 0x8000,
        answers: [{ name: pointer, type: 1, data: address('10.0.0.77') }],
      }),
    ),
  ]).of('dns.query');
  t.match(found, [
    { 'network.protocol': 'llmnr', 'destination.ip': '10.0.0.77', 'dns.resolved_ip': ['10.0.0.77'] },
  ]);
  t.equal(found.length, 1);
});

t.test('the bound on waiting questions tells the oldest first', async (t) => {
  const frames = Array.from({ length: 20 }, (_, i) => udp(ends, dnsMessage(question(i, `n${i}.example`))));
  const { events } = replayed(frames, { questions: 16 });
  t.same(
    events.map((event) => (event.type === 'dns.query' ? event['dns.question.name'] : '')),
    Array.from({ length: 20 }, (_, i) => `n${i}.example`),
  );
});

const anyName = fc
  .array(fc.stringMatching(/^[a-z0-9_-]{1,20}$/), { minLength: 1, maxLength: 8 })
  .map((labels) => labels.join('.'));

t.test('any message survives the round trip; none, however damaged, is fatal', async () => {
  fc.assert(
    fc.property(anyName, fc.nat(0xffff), fc.nat(0xffff), (name, id, type) => {
      const bytes = dnsMessage({ id, flags: 0, questions: [{ name, type }] });
      const message = parseMessage(bytes, 0, bytes.length);
      return message?.id === id && message.questions[0]?.name === name && message.questions[0].type === type;
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      parseMessage(Buffer.from(bytes), 0, bytes.length);
      return true;
    }),
  );
  fc.assert(
    fc.property(fc.nat(300), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      return recordText(Buffer.from(bytes), 0, bytes.length, type, 0, bytes.length).length <= 512;
    }),
    { numRuns: 2000 },
  );
  const whole = dnsMessage({
    ...question(7, 'www.example.com'),
    flags: 0x8180,
    answers: [
      {
        name: pointer,
        type: 65,
        data: Buffer.concat([u16(1), dnsName('a.b'), u16(1), prefixed(2, prefixed(1, Buffer.from('h2')))]),
      },
    ],
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(whole.length),
      (damage, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const [at, byte] of damage) if (at < length) bytes[at] = byte;
        return replayed([udp(turn(ends), bytes)]).faults.length === 0;
      },
    ),
    { numRuns: 1000 },
  );
});
