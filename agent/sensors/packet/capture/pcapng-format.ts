import { type CaptureFormat, type FormatStep, maxFrameBytes, saneTime, type TakeFrame } from './frame.ts';

/** Block types (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng). */
const blockType = {
  section: 0x0a0d0d0a,
  interface: 1,
  oldPacket: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;
const byteOrderMagic = 0x1a2b3c4d;
const optionTimeResolution = 9;
const optionTimeOffset = 14;
/** A block has its type and length before, and its length again behind. */
const minBlockBytes = 12;
/** Blocks that are read are no longer than a frame and its options. */
const maxReadBlockBytes = maxFrameBytes + 65_536;
const maxInterfaces = 4096;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
  readonly offsetUs: number;
}

/** Whether a file begins as pcapng does. */
export function isPcapng(header: Buffer): boolean {
  return header.readUInt32BE(0) === blockType.section;
}

/** The format of Wireshark: sections in either byte order, each with its interfaces. */
export class PcapngFormat implements CaptureFormat {
  readonly name = 'pcapng';
  #isBigEndian = false;
  #interfaces: Interface[] = [];
  #timeUs = 0;

  feed(bytes: Buffer, from: number, to: number, take: TakeFrame): FormatStep {
    for (let at = from; ; ) {
      if (at + minBlockBytes > to) return { kind: 'taken', to: at };
      if (bytes.readUInt32BE(at) === blockType.section && !this.#readByteOrder(bytes, at)) {
        return { kind: 'damaged', at, why: 'a section of unknown byte order' };
      }
      const type = this.#u32(bytes, at);
      const length = this.#u32(bytes, at + 4);
      if (length < minBlockBytes || length % 4 !== 0) {
        return { kind: 'damaged', at, why: `a block of ${length} bytes` };
      }
      const isRead = isKnown(type);
      if (isRead && length > maxReadBlockBytes) {
        return { kind: 'damaged', at, why: `a packet or interface block of ${length} bytes` };
      }
      if (isRead && at + length > to) return { kind: 'taken', to: at };
      if (isRead && !this.#block(type, bytes, at + 8, at + length - 4, take)) {
        return { kind: 'damaged', at, why: 'a block that contradicts itself' };
      }
      at += length;
      if (at > to) return { kind: 'taken', to: at };
    }
  }

  #readByteOrder(bytes: Buffer, at: number): boolean {
    const magic = bytes.readUInt32BE(at + 8);
    this.#isBigEndian = magic === byteOrderMagic;
    return this.#isBigEndian || bytes.readUInt32LE(at + 8) === byteOrderMagic;
  }

  /** False when the block is malformed. */
  #block(type: number, bytes: Buffer, from: number, to: number, take: TakeFrame): boolean {
    switch (type) {
      case blockType.section:
        this.#interfaces = [];
        return true;
      case blockType.interface:
        return this.#interface(bytes, from, to);
      case blockType.simplePacket:
        return this.#simplePacket(bytes, from, to, take);
      default:
        return this.#packet(type, bytes, from, to, take);
    }
  }

  #interface(bytes: Buffer, from: number, to: number): boolean {
    if (from + 8 > to || this.#interfaces.length >= maxInterfaces) return false;
    let ticksPerSecond = 1_000_000n;
    let offsetUs = 0;
    for (let at = from + 8; at + 4 <= to; ) {
      const code = this.#u16(bytes, at);
      const length = this.#u16(bytes, at + 2);
      if (code === 0 || at + 4 + length > to) break;
      if (code === optionTimeResolution && length === 1) ticksPerSecond = resolution(bytes.readUInt8(at + 4));
      if (code === optionTimeOffset && length === 8) {
        const seconds = this.#isBigEndian ? bytes.readBigInt64BE(at + 4) : bytes.readBigInt64LE(at + 4);
        offsetUs = Number(seconds) * 1e6;
      }
      at += 4 + length + (-length & 3);
    }
    const linkType = this.#u16(bytes, from);
    this.#interfaces.push({ linkType, snapLength: this.#u32(bytes, from + 4), ticksPerSecond, offsetUs });
    return true;
  }

  #packet(type: number, bytes: Buffer, from: number, to: number, take: TakeFrame): boolean {
    if (from + 20 > to) return false;
    const number = type === blockType.oldPacket ? this.#u16(bytes, from) : this.#u32(bytes, from);
    const source = this.#interfaces[number];
    const captured = this.#u32(bytes, from + 12);
    if (source === undefined || from + 20 + captured > to) return false;
    this.#timeUs = saneTime(
      this.#time(source, this.#u32(bytes, from + 4), this.#u32(bytes, from + 8)),
      this.#timeUs,
    );
    const wireLength = Math.max(captured, this.#u32(bytes, from + 16));
    take(bytes, from + 20, from + 20 + captured, wireLength, this.#timeUs, source.linkType);
    return true;
  }

  /** A packet of the first interface without a time of its own; it gets that of the packet before. */
  #simplePacket(bytes: Buffer, from: number, to: number, take: TakeFrame): boolean {
    const source = this.#interfaces[0];
    if (source === undefined || from + 4 > to) return false;
    const wireLength = this.#u32(bytes, from);
    const kept = source.snapLength === 0 ? wireLength : Math.min(wireLength, source.snapLength);
    if (from + 4 + kept > to) return false;
    take(bytes, from + 4, from + 4 + kept, wireLength, this.#timeUs, source.linkType);
    return true;
  }

  #time({ ticksPerSecond, offsetUs }: Interface, high: number, low: number): number {
    if (ticksPerSecond === 1_000_000n) return high * 2 ** 32 + low + offsetUs;
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    return Number((ticks * 1_000_000n) / ticksPerSecond) + offsetUs;
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#isBigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
}

function isKnown(type: number): boolean {
  return (
    type === blockType.section ||
    type === blockType.interface ||
    type === blockType.oldPacket ||
    type === blockType.simplePacket ||
    type === blockType.enhancedPacket
  );
}

/** Ticks per second: a negative power of two when the top bit is set, else of ten. */
function resolution(value: number): bigint {
  return value & 0x80 ? 2n ** BigInt(value & 0x7f) : 10n ** BigInt(value);
}
