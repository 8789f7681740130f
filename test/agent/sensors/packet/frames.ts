/** Frames, packets and messages made by hand, for captures whose every byte is known. */

export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

export interface Ends {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
}

export const turn = ({ from, fromPort, to, toPort }: Ends): Ends => ({
  from: to,
  fromPort: toPort,
  to: from,
  toPort: fromPort,
});

/** Bytes of an address; of IPv6 only in full or with `::`. */
export function address(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Buffer.concat(all.map((group) => u16(group)));
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function ip(ends: Ends, protocol: number, body: Buffer): Buffer {
  const [from, to] = [address(ends.from), address(ends.to)];
  if (from.length === 16) {
    return Buffer.concat([u32(0x60000000), u16(body.length), Buffer.from([protocol, 64]), from, to, body]);
  }
  const head = Buffer.from([0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0]);
  head.writeUInt16BE(20 + body.length, 2);
  return Buffer.concat([head, from, to, body]);
}

export function ethernet(packet: Buffer, ...vlans: readonly number[]): Buffer {
  const etherType = (packet[0] as number) >> 4 === 6 ? 0x86dd : 0x0800;
  const tags = vlans.map((id) => Buffer.concat([u16(0x8100), u16(id)]));
  return Buffer.concat([Buffer.alloc(12, 2), ...tags, u16(etherType), packet]);
}

export function udp(ends: Ends, payload: Uint8Array): Buffer {
  const head = Buffer.concat([u16(ends.fromPort), u16(ends.toPort), u16(8 + payload.length), u16(0)]);
  return ethernet(ip(ends, 17, Buffer.concat([head, payload])));
}

export interface Segment {
  readonly sequence: number;
  readonly acknowledgement?: number;
  readonly flags: number;
  readonly payload?: Uint8Array;
}

export function tcpPacket(ends: Ends, segment: Segment): Buffer {
  const { sequence, acknowledgement = 0, flags, payload = Buffer.alloc(0) } = segment;
  const head = Buffer.concat([
    u16(ends.fromPort),
    u16(ends.toPort),
    u32(sequence),
    u32(acknowledgement),
    Buffer.from([0x50, flags]),
    u16(65_535),
    u32(0),
  ]);
  return ip(ends, 6, Buffer.concat([head, payload]));
}

export const tcp = (ends: Ends, segment: Segment): Buffer => ethernet(tcpPacket(ends, segment));

/** Both sides of a whole connection; `parts` go one after the other, each from the client or the server. */
export function connection(
  ends: Ends,
  parts: readonly (readonly ['client' | 'server', Uint8Array])[],
  starts = { client: 1000, server: 9000 },
): Buffer[] {
  const { syn, ack, fin, psh } = tcpFlags;
  const next = { client: (starts.client + 1) >>> 0, server: (starts.server + 1) >>> 0 };
  const frames = [
    tcp(ends, { sequence: starts.client, flags: syn }),
    tcp(turn(ends), { sequence: starts.server, acknowledgement: next.client, flags: syn | ack }),
    tcp(ends, { sequence: next.client, acknowledgement: next.server, flags: ack }),
  ];
  const send = (who: 'client' | 'server', flags: number, payload: Uint8Array = Buffer.alloc(0)) => {
    const other = who === 'client' ? 'server' : 'client';
    const way = who === 'client' ? ends : turn(ends);
    frames.push(tcp(way, { sequence: next[who], acknowledgement: next[other], flags, payload }));
    next[who] = (next[who] + payload.length + (flags & fin ? 1 : 0)) >>> 0;
  };
  for (const [who, payload] of parts) send(who, ack | psh, payload);
  send('client', fin | ack);
  send('server', fin | ack);
  send('client', ack);
  return frames;
}

/** A name of DNS, uncompressed. */
export function dnsName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((l) => Buffer.concat([Buffer.from([l.length]), Buffer.from(l)])),
    Buffer.from([0]),
  ]);
}

export interface DnsRecord {
  readonly name: Buffer;
  readonly type: number;
  readonly ttl?: number;
  readonly data: Uint8Array;
}

export interface DnsSpec {
  readonly id: number;
  readonly flags: number;
  readonly questions?: readonly { readonly name: string; readonly type: number }[];
  readonly answers?: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

export function dnsMessage({ id, flags, questions = [], answers = [], additional = [] }: DnsSpec): Buffer {
  const record = ({ name, type, ttl = 300, data }: DnsRecord) =>
    Buffer.concat([name, u16(type), u16(1), u32(ttl), u16(data.length), data]);
  return Buffer.concat([
    ...[id, flags, questions.length, answers.length, 0, additional.length].map(u16),
    ...questions.map(({ name, type }) => Buffer.concat([dnsName(name), u16(type), u16(1)])),
    ...answers.map(record),
    ...additional.map(record),
  ]);
}

/** A length of so many bytes before the bytes. */
export function prefixed(width: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(width);
  head.writeUIntBE(body.length, 0, width);
  return Buffer.concat([head, body]);
}

export interface HelloSpec {
  readonly version?: number;
  readonly ciphers: readonly number[];
  /** Type and body. */
  readonly extensions: readonly (readonly [number, Uint8Array])[];
}

export const extensionBodies = {
  serverName: (name: string) => prefixed(2, Buffer.from([0]), prefixed(2, Buffer.from(name))),
  alpn: (...names: readonly Uint8Array[]) => prefixed(2, ...names.map((name) => prefixed(1, name))),
  versions: (...versions: readonly number[]) => prefixed(1, ...versions.map(u16)),
  algorithms: (...algorithms: readonly number[]) => prefixed(2, ...algorithms.map(u16)),
};

/** A client hello as a stream of records of at most so many bytes. */
export function clientHello(
  { version = 0x0303, ciphers, extensions }: HelloSpec,
  recordBytes = 16_384,
): Buffer {
  const list = extensions.map(([type, body]) => Buffer.concat([u16(type), prefixed(2, body)]));
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    prefixed(1, Buffer.alloc(32, 8)),
    prefixed(2, ...ciphers.map(u16)),
    prefixed(1, Buffer.from([0])),
    prefixed(2, ...list),
  ]);
  const message = Buffer.concat([Buffer.from([1]), prefixed(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(
      Buffer.concat([Buffer.from([22, 3, 1]), prefixed(2, message.subarray(at, at + recordBytes))]),
    );
  }
  return Buffer.concat(records);
}
