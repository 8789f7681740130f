/** Capture files of each kind, written by hand. */
export interface Frame {
  readonly timeUs: number;
  readonly bytes: Buffer;
  /** Bytes on the wire, where fewer were captured. */
  readonly wireLength?: number;
}

export interface PcapOptions {
  readonly isBigEndian?: boolean;
  readonly isNano?: boolean;
  readonly linkType?: number;
}

/** Frames a millisecond apart. */
export function timed(frames: readonly Buffer[], startUs = 1_700_000_000_000_000, stepUs = 1000): Frame[] {
  return frames.map((bytes, i) => ({ timeUs: startUs + i * stepUs, bytes }));
}

function writer(isBigEndian: boolean) {
  const bytes = (size: number, write: (buffer: Buffer) => void) => {
    const buffer = Buffer.alloc(size);
    write(buffer);
    return buffer;
  };
  return {
    u16: (value: number) => bytes(2, (b) => (isBigEndian ? b.writeUInt16BE(value) : b.writeUInt16LE(value))),
    u32: (value: number) => bytes(4, (b) => (isBigEndian ? b.writeUInt32BE(value) : b.writeUInt32LE(value))),
  };
}

export function pcapFile(frames: readonly Frame[], options: PcapOptions = {}): Buffer {
  const { isBigEndian = false, isNano = false, linkType = 1 } = options;
  const { u16, u32 } = writer(isBigEndian);
  const header = [
    u32(isNano ? 0xa1b23c4d : 0xa1b2c3d4),
    u16(2),
    u16(4),
    u32(0),
    u32(0),
    u32(65_535),
    u32(linkType),
  ];
  const records = frames.map(({ timeUs, bytes, wireLength }) => {
    const fraction = (timeUs % 1e6) * (isNano ? 1000 : 1);
    return Buffer.concat([
      u32(Math.floor(timeUs / 1e6)),
      u32(fraction),
      u32(bytes.length),
      u32(wireLength ?? bytes.length),
      bytes,
    ]);
  });
  return Buffer.concat([...header, ...records]);
}

export interface PcapngOptions {
  readonly isBigEndian?: boolean;
  readonly linkType?: number;
  /** Ticks per second as the option has it; microseconds without. */
  readonly resolution?: number;
  readonly kind?: 'enhanced' | 'simple' | 'old';
  /** Blocks of other types between. */
  readonly extra?: Buffer;
}

export function pcapngFile(frames: readonly Frame[], options: PcapngOptions = {}): Buffer {
  const { isBigEndian = false, linkType = 1, resolution, kind = 'enhanced', extra } = options;
  const { u16, u32 } = writer(isBigEndian);
  const block = (type: number, ...parts: readonly Buffer[]) => {
    const body = Buffer.concat(parts);
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    const length = u32(12 + padded.length);
    return Buffer.concat([u32(type), length, padded, length]);
  };
  const section = block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff));
  const option =
    resolution === undefined ? [] : [u16(9), u16(1), Buffer.from([resolution, 0, 0, 0]), u16(0), u16(0)];
  const source = block(1, u16(linkType), u16(0), u32(0), ...option);
  const perSecond =
    resolution === undefined
      ? 10n ** 6n
      : resolution & 0x80
        ? 2n ** BigInt(resolution & 127)
        : 10n ** BigInt(resolution);
  const packets = frames.map(({ timeUs, bytes, wireLength }) => {
    const ticks = (BigInt(timeUs) * perSecond + 999_999n) / 1_000_000n;
    const [high, low] = [u32(Number(ticks >> 32n)), u32(Number(ticks & 0xffffffffn))];
    const lengths = [u32(bytes.length), u32(wireLength ?? bytes.length)];
    if (kind === 'simple') return block(3, u32(wireLength ?? bytes.length), bytes);
    if (kind === 'old') return block(2, u16(0), u16(0), high, low, ...lengths, bytes);
    return block(6, u32(0), high, low, ...lengths, bytes);
  });
  const between = extra === undefined ? [] : [block(0x0bad, extra)];
  return Buffer.concat([section, source, ...between, ...packets]);
}
