import { type CaptureFormat, type FormatStep, maxFrameBytes, saneTime, type TakeFrame } from './frame.ts';

/** Magic numbers: in microseconds, and in nanoseconds (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap). */
const microMagic = 0xa1b2c3d4;
const nanoMagic = 0xa1b23c4d;
export const pcapHeaderBytes = 24;
const recordHeaderBytes = 16;

/** The classic format, in either byte order. */
export class PcapFormat implements CaptureFormat {
  readonly name = 'pcap';
  readonly linkType: number;
  readonly #isBigEndian: boolean;
  readonly #fractionsPerUs: number;
  #timeUs = 0;

  private constructor(header: Buffer, isBigEndian: boolean, fractionsPerUs: number) {
    this.#isBigEndian = isBigEndian;
    this.#fractionsPerUs = fractionsPerUs;
    // The upper bits tell of a check sum behind each frame, which decoders pass over.
    this.linkType = (isBigEndian ? header.readUInt32BE(20) : header.readUInt32LE(20)) & 0xffff;
  }

  /** The format of a file by its first 24 bytes; undefined when it is not of this format. */
  static of(header: Buffer): PcapFormat | undefined {
    for (const isBigEndian of [true, false]) {
      const magic = isBigEndian ? header.readUInt32BE(0) : header.readUInt32LE(0);
      if (magic === microMagic) return new PcapFormat(header, isBigEndian, 1);
      if (magic === nanoMagic) return new PcapFormat(header, isBigEndian, 1000);
    }
    return undefined;
  }

  feed(bytes: Buffer, from: number, to: number, take: TakeFrame): FormatStep {
    const big = this.#isBigEndian;
    for (let at = from; ; ) {
      if (at + recordHeaderBytes > to) return { kind: 'taken', to: at };
      const captured = big ? bytes.readUInt32BE(at + 8) : bytes.readUInt32LE(at + 8);
      if (captured > maxFrameBytes) {
        return { kind: 'damaged', at, why: `a packet of ${captured} bytes` };
      }
      const start = at + recordHeaderBytes;
      if (start + captured > to) return { kind: 'taken', to: at };
      const seconds = big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
      const fraction = big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
      const wireLength = big ? bytes.readUInt32BE(at + 12) : bytes.readUInt32LE(at + 12);
      this.#timeUs = saneTime(seconds * 1e6 + Math.floor(fraction / this.#fractionsPerUs), this.#timeUs);
      take(bytes, start, start + captured, Math.max(wireLength, captured), this.#timeUs, this.linkType);
      at = start + captured;
    }
  }
}
