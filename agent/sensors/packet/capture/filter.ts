/**
 * How much of the traffic the kernel lets through, from most to least. Each level holds DNS, and of TCP connections
 * begin, end, first payload, and samples that keep count of their bytes.
 *
 * - `full`: all of UDP, and of TCP also what may continue a TLS hello
 * - `sampled`: of other UDP one packet in `udpSampling`; no continued hellos
 * - `narrow`: neither
 * - `least`: one in `flowSampling` of connections and of DNS questions, each whole
 */
export const levels = ['full', 'sampled', 'narrow', 'least'] as const;
export type Level = (typeof levels)[number];

export const udpSampling = 64;
export const flowSampling = 16;

/** A closed session lets go at its next packet; a datagram to this port of the loopback interface (discard) is one. */
export const wakePort = 9;

/**
 * Of every 4 MiB that a TCP connection sends, packets that begin in the first 16 KiB pass: enough to see its sequence
 * number before it wraps at 4 GiB, and one byte in 256 of any bulk.
 */
const sampleEveryMask = 0x3f_ffff;
const sampleBytes = 0x4000;

const methodStarts = ['GET ', 'POST', 'HEAD', 'PUT ', 'DELE', 'OPTI', 'CONN', 'TRAC', 'PATC', 'PROP'];

/** One of the two versions of IP in the filter language, which indexes transport headers of IPv4 only. */
interface Ip {
  /** True for packets of this version with TCP, and no later fragments. */
  readonly tcp: string;
  /** A field of the TCP or UDP header. */
  readonly at: (offset: string | number, width?: number) => string;
  readonly udp: string;
  /** Payload bytes of a TCP packet. */
  readonly payload: string;
}

const headerBytes = (at: Ip['at']) => `((${at(12)} & 0xf0) >> 2)`;
const field = (name: string, offset: string | number, width: number) =>
  width === 1 ? `${name}[${offset}]` : `${name}[${offset}:${width}]`;

const at4 =
  (header: string) =>
  (offset: string | number, width = 1) =>
    field(header, offset, width);
/** Extension headers are rare before TCP; packets with them pass unseen by these. */
const at6 = (offset: string | number, width = 1) =>
  field('ip6', typeof offset === 'number' ? 40 + offset : `40 + ${offset}`, width);

const ip4: Ip = {
  tcp: '(ip proto 6 and ip[6:2] & 0x1fff = 0)',
  at: at4('tcp'),
  udp: '(ip proto 17 and ip[6:2] & 0x1fff = 0)',
  payload: `(ip[2:2] - ((ip[0] & 0xf) << 2) - ${headerBytes(at4('tcp'))})`,
};
const ip4Udp = at4('udp');
const ip6: Ip = {
  tcp: '(ip6 and ip6[6] = 6)',
  at: at6,
  udp: '(ip6 and ip6[6] = 17)',
  payload: `(ip6[4:2] - ${headerBytes(at6)})`,
};

const any = (parts: readonly string[]) => `(${parts.join(' or ')})`;
const all = (parts: readonly string[]) => `(${parts.join(' and ')})`;

/** SYN, FIN or RST. */
const control = (ip: Ip) => `${ip.at(13)} & 7 != 0`;

/** Client hello or HTTP request at the begin of the payload, on any port. */
function firstPayload(ip: Ip): string {
  const begin = headerBytes(ip.at);
  const hello = all([`${ip.at(begin, 2)} = 0x1603`, `${ip.at(`${begin} + 5`)} = 1`]);
  const starts = methodStarts.map(
    (text) => `${ip.at(begin, 4)} = 0x${Buffer.from(text, 'latin1').toString('hex')}`,
  );
  return all([`${ip.payload} > 5`, any([hello, ...starts])]);
}

/** The rest of a hello: what a client pushes to the port of HTTPS. */
const pushedToTls = (ip: Ip) => all([`${ip.at(2, 2)} = 443`, `${ip.at(13)} & 8 != 0`, `${ip.payload} > 0`]);

const sampledBytes = (ip: Ip) =>
  all([`${ip.at(4, 4)} & ${sampleEveryMask} < ${sampleBytes}`, `${ip.payload} > 0`]);

/** Both directions of a connection have the same sum of ports. */
const sampledFlow = (ip: Ip) => `(${ip.at(0, 2)} + ${ip.at(2, 2)}) & ${flowSampling - 1} = 0`;

/** By two bytes of payload that are as good as random in what is bulk over UDP, all of it encrypted. */
const sampledUdp = (ip: Ip, at: Ip['at']) =>
  all([ip.udp, `${at(4, 2)} >= 34`, `${at(32, 2)} & ${udpSampling - 1} = 0`]);

/** Begin and end of connections, and first payload. What reads past a short packet ends the filter, so it comes last. */
function tcpPart(ip: Ip, level: Level): string {
  const more = level === 'full' ? [pushedToTls(ip)] : [];
  const sampled = level === 'least' ? [sampledFlow(ip)] : [];
  return all([ip.tcp, ...sampled, any([control(ip), sampledBytes(ip), ...more, firstPayload(ip)])]);
}

/** Of DNS in level `least`: by the number of the transaction, so that questions stay with their answers. */
function dnsPart(level: Level): string {
  if (level !== 'least') return '(port 53 or udp port 5353 or udp port 5355)';
  const mask = flowSampling - 1;
  return any([
    all(['tcp', 'port 53']),
    all([ip4.udp, 'port 53', `${ip4Udp(8, 2)} & ${mask} = 0`]),
    all([ip6.udp, 'port 53', `${at6(8, 2)} & ${mask} = 0`]),
  ]);
}

function udpPart(level: Level): readonly string[] {
  if (level === 'full') return ['udp'];
  return level === 'sampled' ? [sampledUdp(ip4, ip4Udp), sampledUdp(ip6, at6)] : [];
}

export interface FilterOptions {
  readonly level: Level;
  /** Addresses and port of the collector, whose connection is left out. */
  readonly collector: { readonly addresses: readonly string[]; readonly port: number } | undefined;
  /** What packets must pass as well; empty for nothing. */
  readonly extra: string;
}

/** The capture filter (pcap-filter(7)) that the kernel runs. */
export function captureFilter({ level, collector, extra }: FilterOptions): string {
  const wake = `(udp dst port ${wakePort} and dst host 127.0.0.1)`;
  const wanted = any([dnsPart(level), ...udpPart(level), tcpPart(ip4, level), tcpPart(ip6, level)]);
  const conditions = [wanted];
  if (collector !== undefined && collector.addresses.length > 0) {
    const hosts = any(collector.addresses.map((address) => `host ${address}`));
    conditions.unshift(`not (tcp port ${collector.port} and ${hosts})`);
  }
  if (extra !== '') conditions.unshift(`(${extra})`);
  return `${wake} or ${all(conditions)}`;
}
