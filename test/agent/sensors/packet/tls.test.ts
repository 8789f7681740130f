import fc from 'fast-check';
import t from 'tap';
import { readClientHello } from '../../../../agent/sensors/packet/tls/client-hello.ts';
import { ja4 } from '../../../../agent/sensors/packet/tls/ja4.ts';
import { extensionBodies as body, clientHello, connection, type HelloSpec, tcp, tcpFlags } from './frames.ts';
import { replayed } from './replayed.ts';

const ends = { from: '2001:db8::5', fromPort: 40_000, to: '2001:db8::1', toPort: 443 };
const algorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const none = Buffer.alloc(0);
const text = (...names: readonly string[]) => body.alpn(...names.map((name) => Buffer.from(name)));

/** The hello of the example in FoxIO's specification, as the browser there sends it, with GREASE. */
const browser: HelloSpec = {
  ciphers: [
    0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
    0x009d, 0x002f, 0x0035,
  ],
  extensions: [
    [0x4a4a, none],
    [0x001b, none],
    [0x0000, body.serverName('WWW.Example.com')],
    [0x0033, none],
    [0x0010, text('h2', 'http/1.1')],
    [0x4469, none],
    [0x0017, none],
    [0x002d, none],
    [0x000d, body.algorithms(...algorithms)],
    [0x0005, none],
    [0x0023, none],
    [0x0012, none],
    [0x002b, body.versions(0x5a5a, 0x0304, 0x0303)],
    [0xff01, none],
    [0x000b, none],
    [0x000a, none],
    [0x0015, none],
    [0x8a8a, none],
  ],
};

function fingerprint(spec: HelloSpec): string {
  const bytes = clientHello(spec);
  const hello = readClientHello(bytes, 0, bytes.length);
  if (typeof hello === 'string') throw new Error(hello);
  return ja4(hello);
}

t.test('JA4 of the published examples', async (t) => {
  t.equal(fingerprint(browser), 't13d1516h2_8daaf6152771_e5627efa2ab1');
  // The same browser a version later, as published by services that compute JA4: ALPS moved, ECH came, no padding.
  const moved: (readonly [number, Uint8Array])[] = browser.extensions
    .filter(([type]) => type !== 0x0015)
    .map(([type, content]) => [type === 0x4469 ? 0x44cd : type, content]);
  t.equal(
    fingerprint({ ...browser, extensions: [...moved, [0xfe0d, none]] }),
    't13d1516h2_8daaf6152771_d8a2da3f94cd',
  );
});

t.test('JA4: each part by itself', async (t) => {
  const part = (spec: Partial<HelloSpec>) => fingerprint({ ciphers: [0x1301], extensions: [], ...spec });
  t.equal(part({}), 't12i010000_0f2cb44170f4_000000000000');
  t.match(part({ version: 0x0301 }), /^t10i/);
  t.match(part({ version: 0x0300 }), /^ts3i/);
  t.match(part({ version: 0x7f17 }), /^t00i/);
  t.match(
    part({ extensions: [[43, body.versions(0x0a0a, 0x0303, 0x0304)]] }),
    /^t13i0101/,
    'the highest, wherever it stands',
  );
  t.match(part({ ciphers: [] }), /^t12i000000_000000000000_000000000000$/);
  t.match(part({ ciphers: [0x0a0a, 0xfafa] }), /^t12i0000/);
  t.match(part({ ciphers: Array.from({ length: 120 }, (_, i) => i) }), /^t12i9900/);
  const ends = (...bytes: number[]) =>
    part({ extensions: [[16, body.alpn(Buffer.from(bytes))]] }).slice(8, 10);
  t.equal(ends(0x68, 0x32), 'h2');
  t.equal(ends(0x61), 'aa');
  t.equal(ends(0xab), 'ab');
  t.equal(ends(0xab, 0xcd), 'ad');
  t.equal(ends(0x30, 0xab), '3b');
  t.equal(ends(0x30, 0x31, 0xab, 0xcd), '3d');
  t.equal(ends(0x30, 0xab, 0xcd, 0x31), '01');
  t.equal(ends(), '00');
});

t.test('a hello in one segment, in many, in many records, in any order', async (t) => {
  const bytes = clientHello(browser);
  const { events, faults } = replayed(connection(ends, [['client', bytes]]));
  t.same(faults, []);
  t.match(
    events.filter((event) => event.type === 'tls.hello'),
    [
      {
        'tls.client.server_name': 'www.example.com',
        'tls.client.ja4': 't13d1516h2_8daaf6152771_e5627efa2ab1',
        'tls.client.alpn': ['h2', 'http/1.1'],
        'tls.client.supported_versions': ['1.3', '1.2'],
        'tls.version': '1.3',
        'tls.client.ciphers_count': 15,
        'tls.client.encrypted_hello': undefined,
        'source.ip': '2001:db8::5',
        'destination.ip': '2001:db8::1',
        'destination.port': 443,
      },
    ],
  );
  const all = (ints: number[]) => [...new Set(ints)].sort((a, b) => a - b);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 }),
      fc.integer({ min: 40, max: 400 }),
      fc.nat(0xffffffff),
      fc.infiniteStream(fc.nat(100)),
      (cuts, recordBytes, start, order) => {
        const stream = clientHello(browser, recordBytes);
        const places = [0, ...all(cuts), stream.length];
        const segments = places.slice(1).map((to, i) => ({ from: places[i] as number, to }));
        const shuffled = segments
          .map((segment) => ({ segment, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key);
        const frames = [
          tcp(ends, { sequence: start, flags: tcpFlags.syn }),
          ...shuffled.map(({ segment: { from, to } }) =>
            tcp(ends, {
              sequence: (start + 1 + from) >>> 0,
              flags: tcpFlags.ack,
              payload: stream.subarray(from, to),
            }),
          ),
        ];
        const hellos = replayed(frames).of('tls.hello');
        return (
          hellos.length === 1 && hellos[0]?.['tls.client.ja4'] === 't13d1516h2_8daaf6152771_e5627efa2ab1'
        );
      },
    ),
  );
});

t.test('a hello sent byte by byte is told all the same', async (t) => {
  const bytes = clientHello(browser);
  const parts = Array.from(bytes, (byte) => ['client', Buffer.from([byte])] as const);
  t.match(replayed(connection(ends, parts)).of('tls.hello'), [
    { 'tls.client.ja4': 't13d1516h2_8daaf6152771_e5627efa2ab1' },
  ]);
});

t.test(
  'a hello in the middle of a connection, as after STARTTLS or where the begin was missed',
  async (t) => {
    const frames = connection(ends, [
      ['server', Buffer.from('220 ready\r\n')],
      ['client', Buffer.from('STARTTLS\r\n')],
      ['client', clientHello(browser)],
    ]);
    t.equal(replayed(frames).of('tls.hello').length, 1);
    t.equal(replayed(frames.slice(3)).of('tls.hello')[0]?.['source.port'], 40_000);
  },
);

t.test('what is no hello, or a damaged one, makes no event and is not fatal', async (t) => {
  const whole = clientHello(browser);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(whole.length),
      (damage, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const [at, byte] of damage) if (at < length) bytes[at] = byte;
        return replayed(connection(ends, [['client', bytes]])).faults.length === 0;
      },
    ),
    { numRuns: 1500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readClientHello(Buffer.concat([Buffer.from([22, 3, 1]), bytes]), 0, bytes.length + 3);
      return true;
    }),
  );
  const server = Buffer.from(whole);
  server[5] = 2;
  t.equal(replayed(connection(ends, [['client', server]])).of('tls.hello').length, 0);
});
