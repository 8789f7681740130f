import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { addressAt } from '../../../../agent/sensors/packet/decode/addresses.ts';
import { linkTypes } from '../../../../agent/sensors/packet/decode/link-layer.ts';
import { Packet } from '../../../../agent/sensors/packet/decode/packet.ts';
import { communityId } from '../../../../agent/sensors/packet/flow/community-id.ts';
import {
  address,
  connection,
  ethernet,
  ip,
  tcp,
  tcpFlags,
  tcpPacket,
  turn,
  u16,
  u32,
  udp,
} from './frames.ts';
import { replayed } from './replayed.ts';

const ends4 = { from: '192.0.2.1', fromPort: 1234, to: '192.0.2.2', toPort: 80 };
const ends6 = { from: '2001:db8::1', fromPort: 1234, to: '2001:db8::2', toPort: 80 };
const segment = { sequence: 77, acknowledgement: 88, flags: tcpFlags.ack, payload: Buffer.from('hello') };

function decode(bytes: Buffer, linkType: number = linkTypes.ethernet, wireLength = bytes.length) {
  const packet = new Packet();
  return { packet, result: packet.decode(bytes, 0, bytes.length, wireLength, linkType) };
}

function isSegment({ packet, result }: ReturnType<typeof decode>): boolean {
  return (
    result === 'ok' &&
    packet.sourcePort === 1234 &&
    packet.destinationPort === 80 &&
    packet.sequence === 77 &&
    packet.acknowledgement === 88 &&
    packet.payloadLength === 5 &&
    packet.bytes.toString('latin1', packet.payloadAt, packet.payloadEnd) === 'hello'
  );
}

t.test('every link type, both versions of IP', async (t) => {
  for (const ends of [ends4, ends6]) {
    const packet = tcpPacket(ends, segment);
    const is6 = ends === ends6;
    const type = u16(is6 ? 0x86dd : 0x0800);
    const family = Buffer.alloc(4);
    family.writeUInt32LE(is6 ? 30 : 2);
    const frames: (readonly [number, Buffer])[] = [
      [linkTypes.ethernet, ethernet(packet)],
      [linkTypes.ethernet, ethernet(packet, 5)],
      [linkTypes.ethernet, ethernet(packet, 5, 6)],
      [linkTypes.ethernet, Buffer.concat([ethernet(packet), Buffer.alloc(12)])],
      [linkTypes.linuxCooked, Buffer.concat([Buffer.alloc(14), type, packet])],
      [linkTypes.linuxCooked2, Buffer.concat([type, Buffer.alloc(18), packet])],
      [linkTypes.null, Buffer.concat([family, packet])],
      [linkTypes.null, Buffer.concat([Buffer.from(family).reverse(), packet])],
      [linkTypes.loop, Buffer.concat([Buffer.from(family).reverse(), packet])],
      [linkTypes.raw, packet],
      [linkTypes.rawBsd, packet],
      [is6 ? linkTypes.ipv6 : linkTypes.ipv4, packet],
    ];
    for (const [linkType, frame] of frames)
      t.ok(isSegment(decode(frame, linkType)), `${linkType} ${ends.from}`);
  }
});

t.test('extension headers, options, fragments', async (t) => {
  const body = tcpPacket(ends6, segment).subarray(40);
  const hop = Buffer.from([43, 0, 1, 4, 0, 0, 0, 0]);
  const routing = Buffer.from([44, 1, ...Array<number>(14).fill(0)]);
  const fragment = (offset: number) => Buffer.concat([Buffer.from([6, 0]), u16(offset << 3), u32(9)]);
  const chain = (offset: number) =>
    ethernet(ip(ends6, 0, Buffer.concat([hop, routing, fragment(offset), body])));
  t.ok(isSegment(decode(chain(0))));
  t.equal(decode(chain(4)).result, 'fragment');
  const circle = ethernet(
    ip(ends6, 0, Buffer.concat(Array<Buffer>(20).fill(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0])))),
  );
  t.equal(decode(circle).result, 'malformed');

  const plain = tcpPacket(ends4, segment);
  const options = Buffer.concat([plain.subarray(0, 20), Buffer.alloc(8, 1), plain.subarray(20)]);
  options[0] = 0x47;
  options.writeUInt16BE(options.length, 2);
  t.ok(isSegment(decode(ethernet(options))));
  const later = Buffer.from(plain);
  later.writeUInt16BE(100, 6);
  t.equal(decode(ethernet(later)).result, 'fragment');
  const offloaded = Buffer.from(plain);
  offloaded.writeUInt16BE(0, 2);
  t.ok(isSegment(decode(ethernet(offloaded))), 'a length of zero is that of the frame');
});

t.test('payload that was not captured still counts', async (t) => {
  const whole = udp(ends4, Buffer.alloc(1000, 1));
  const { packet, result } = decode(whole.subarray(0, 100), linkTypes.ethernet, whole.length);
  t.equal(result, 'ok');
  t.equal(packet.payloadLength, 1000);
  t.equal(packet.payloadEnd - packet.payloadAt, 100 - 42);
});

t.test('what is something else, and what contradicts itself', async (t) => {
  t.equal(decode(Buffer.concat([Buffer.alloc(12), u16(0x0806), Buffer.alloc(28)])).result, 'other', 'ARP');
  t.equal(decode(ethernet(ip(ends4, 1, Buffer.alloc(8)))).result, 'other', 'ICMP');
  t.equal(decode(Buffer.alloc(5)).result, 'malformed');
  t.equal(decode(ethernet(ip(ends4, 6, Buffer.alloc(10)))).result, 'malformed', 'half a TCP header');
  const short = tcpPacket(ends4, segment);
  short[32] = 0x10;
  t.equal(decode(ethernet(short)).result, 'malformed', 'a TCP header of four bytes');
  const long = tcpPacket(ends4, segment);
  long[32] = 0xf0;
  t.equal(decode(ethernet(long)).result, 'malformed', 'a TCP header longer than the packet');
  t.equal(decode(ethernet(ip(ends4, 17, Buffer.concat([u32(1), u16(3), u16(0)])))).result, 'malformed');
});

t.test('addresses are in canonical text', async (t) => {
  const text = (value: string) => addressAt(address(value), 0, 16);
  t.equal(text('2001:db8:0:0:1:0:0:1'), '2001:db8::1:0:0:1');
  t.equal(text('::'), '::');
  t.equal(text('::1'), '::1');
  t.equal(text('fe80::'), 'fe80::');
  t.equal(text('1:0:2:3:4:5:6:7'), '1:0:2:3:4:5:6:7', 'a single zero stays');
  t.equal(text('::ffff:c000:0201'), '192.0.2.1');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const got = addressAt(Buffer.from(bytes), 0, 16);
      // The same address by the parser of URLs, which writes RFC 5952 too.
      return !isIPv6(got) || new URL(`http://[${got}]`).hostname === `[${got}]`;
    }),
  );
});

t.test('Community IDs of the published examples', async (t) => {
  const id = (frame: Buffer) => communityId(decode(frame).packet);
  const one = { from: '128.232.110.120', fromPort: 34_855, to: '66.35.250.204', toPort: 80 };
  t.equal(id(tcp(one, segment)), '1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
  t.equal(id(tcp(turn(one), segment)), '1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
  const two = { from: '192.168.1.52', fromPort: 54_585, to: '8.8.8.8', toPort: 53 };
  t.equal(id(udp(two, Buffer.alloc(4))), '1:d/FP5EW3wiY1vCndhwleRRKHowQ=');
});

t.test('fuzz: any bytes in any link type, and any damage to a connection, are taken in stride', async () => {
  const anyLink = fc.constantFrom(...Object.values(linkTypes), 9999);
  fc.assert(
    fc.property(anyLink, fc.uint8Array({ maxLength: 200 }), fc.nat(70_000), (linkType, bytes, wireLength) => {
      const frame = { timeUs: 1e15, bytes: Buffer.from(bytes), wireLength };
      return replayed([frame], {}, linkType).faults.length === 0;
    }),
    { numRuns: 3000 },
  );
  const frames = connection(ends4, [
    ['client', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['server', Buffer.alloc(300, 0x61)],
  ]);
  const damage = fc.tuple(fc.nat(frames.length - 1), fc.nat(100), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(damage, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(2 ** 50)),
      (places, times) => {
        const copies = frames.map((frame) => Buffer.from(frame));
        for (const [i, at, byte] of places) {
          const frame = copies[i] as Buffer;
          frame[at % frame.length] = byte;
        }
        const timed = copies.map((bytes, i) => ({ bytes, timeUs: times[i] ?? 1e15 + i }));
        return replayed(timed).faults.length === 0;
      },
    ),
    { numRuns: 2000 },
  );
});
