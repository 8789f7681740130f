import { networkOffset } from './link-layer.ts';

export const tcp = 6;
export const udp = 17;

/** Bits of the TCP header (RFC 9293 §3.1). */
export const tcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/**
 * - `ok`: TCP or UDP, and every field of the packet is set
 * - `other`: something else that is in order: ARP, ICMP, another transport
 * - `fragment`: a later fragment of an IP packet, which has no ports
 * - `malformed`: shorter than its headers say, or they contradict one another
 */
export type Decoded = 'ok' | 'other' | 'fragment' | 'malformed';

/** IPv6 extension headers by number (RFC 8200 §4): hop-by-hop, routing, destination options, mobility. */
const optionHeaders: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const fragmentHeader = 44;
const authenticationHeader = 51;
/** Extension headers stepped over; RFC 8200 foresees fewer. */
const maxExtensions = 8;

/** One decoded packet. A single object is filled again and again: what is to stay must be copied. */
export class Packet {
  bytes: Buffer = Buffer.alloc(0);
  timeUs = 0;
  transport: typeof tcp | typeof udp = tcp;
  /** Bytes of one address: 4 or 16. The destination's stands right behind the source's. */
  addressLength: 4 | 16 = 4;
  addressesAt = 0;
  /** Where the transport header begins: source port, then destination port. */
  portsAt = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Payload as far as it was captured. */
  payloadAt = 0;
  payloadEnd = 0;
  /** Payload bytes on the wire, by the IP header. */
  payloadLength = 0;
  flags = 0;
  sequence = 0;
  acknowledgement = 0;

  /**
   * Decodes a frame of `bytes` from `start` to `end`, which was `wireLength` bytes long on the wire. Only after `ok`
   * do the fields mean anything.
   */
  decode(bytes: Buffer, start: number, end: number, wireLength: number, linkType: number): Decoded {
    this.bytes = bytes;
    const at = networkOffset(bytes, start, end, linkType);
    if (at === -1) return end - start < 14 ? 'malformed' : 'other';
    if (at >= end) return 'malformed';
    const wireEnd = Math.max(end, start + wireLength);
    const version = bytes.readUInt8(at) >> 4;
    if (version === 4) return this.#ipv4(at, end, wireEnd);
    return version === 6 ? this.#ipv6(at, end, wireEnd) : 'malformed';
  }

  #ipv4(at: number, end: number, wireEnd: number): Decoded {
    const { bytes } = this;
    if (at + 20 > end) return 'malformed';
    const headerLength = (bytes.readUInt8(at) & 15) * 4;
    // Zero where the network card cuts the packet into segments later (TSO of more than 64 KiB).
    const totalLength = bytes.readUInt16BE(at + 2) || wireEnd - at;
    if (headerLength < 20 || totalLength < headerLength) return 'malformed';
    this.addressLength = 4;
    this.addressesAt = at + 12;
    if ((bytes.readUInt16BE(at + 6) & 0x1fff) !== 0) return 'fragment';
    return this.#transport(bytes.readUInt8(at + 9), at + headerLength, end, at + totalLength);
  }

  #ipv6(at: number, end: number, wireEnd: number): Decoded {
    const { bytes } = this;
    if (at + 40 > end) return 'malformed';
    this.addressLength = 16;
    this.addressesAt = at + 8;
    const payloadLength = bytes.readUInt16BE(at + 4);
    const wholeEnd = payloadLength === 0 ? wireEnd : at + 40 + payloadLength;
    let next = bytes.readUInt8(at + 6);
    let header = at + 40;
    for (let i = 0; i < maxExtensions; i++) {
      if (!optionHeaders.has(next) && next !== fragmentHeader && next !== authenticationHeader) {
        return this.#transport(next, header, end, wholeEnd);
      }
      if (header + 8 > end) return 'malformed';
      if (next === fragmentHeader && (bytes.readUInt16BE(header + 2) & 0xfff8) !== 0) return 'fragment';
      const size = bytes.readUInt8(header + 1);
      const length =
        next === fragmentHeader ? 8 : next === authenticationHeader ? (size + 2) * 4 : (size + 1) * 8;
      next = bytes.readUInt8(header);
      header += length;
    }
    return 'malformed';
  }

  #transport(protocol: number, at: number, end: number, wholeEnd: number): Decoded {
    if (protocol === tcp) return this.#tcp(at, end, wholeEnd);
    return protocol === udp ? this.#udp(at, end, wholeEnd) : 'other';
  }

  #tcp(at: number, end: number, wholeEnd: number): Decoded {
    const { bytes } = this;
    if (at + 20 > end) return 'malformed';
    const headerLength = (bytes.readUInt8(at + 12) >> 4) * 4;
    if (headerLength < 20 || at + headerLength > wholeEnd) return 'malformed';
    this.transport = tcp;
    this.sequence = bytes.readUInt32BE(at + 4);
    this.acknowledgement = bytes.readUInt32BE(at + 8);
    this.flags = bytes.readUInt8(at + 13);
    this.#payload(at, at + headerLength, end, wholeEnd);
    return 'ok';
  }

  #udp(at: number, end: number, wholeEnd: number): Decoded {
    const { bytes } = this;
    if (at + 8 > end || at + 8 > wholeEnd) return 'malformed';
    const length = bytes.readUInt16BE(at + 4);
    // Zero in jumbograms; longer than the packet in the first fragment of several.
    if (length !== 0 && length < 8) return 'malformed';
    this.transport = udp;
    this.flags = 0;
    this.#payload(at, at + 8, end, length === 0 ? wholeEnd : Math.min(wholeEnd, at + length));
    return 'ok';
  }

  #payload(portsAt: number, at: number, end: number, wholeEnd: number): void {
    this.portsAt = portsAt;
    this.sourcePort = this.bytes.readUInt16BE(portsAt);
    this.destinationPort = this.bytes.readUInt16BE(portsAt + 2);
    this.payloadAt = Math.min(at, end);
    this.payloadEnd = Math.max(this.payloadAt, Math.min(end, wholeEnd));
    this.payloadLength = wholeEnd - at;
  }
}
