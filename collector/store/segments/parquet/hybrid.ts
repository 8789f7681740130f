type Unsigned = Uint8Array | Uint16Array | Uint32Array;

/** A run of at least so many equal values is worth a run of its own. */
const leastRun = 8;
/** Widest values, in bits: dictionaries have fewer entries than this tells apart. */
export const maxWidth = 24;

/** Bits that the largest of `count` numbers from 0 on needs. */
export function widthOf(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/**
 * The first `count` of the values in Parquet's hybrid of runs and packed bits
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/, RLE): runs of equal values as one, others packed
 * eight at a time. Every value fits `width` bits, at most `maxWidth`.
 */
export function encodeHybrid(values: Unsigned, count: number, width: number): Buffer {
  // At worst all are packed, with a header of up to five bytes for each change between both kinds.
  const out = Buffer.allocUnsafe(16 + Math.ceil(count / 8) * (width + 6));
  let length = 0;
  const varint = (value: number) => {
    let rest = value;
    for (; rest >= 128; rest >>>= 7) out[length++] = (rest & 127) | 128;
    out[length++] = rest;
  };
  const pack = (from: number, to: number) => {
    const groups = Math.ceil((to - from) / 8);
    if (groups === 0) return;
    varint((groups << 1) | 1);
    const end = length + groups * width;
    let bits = 0;
    let held = 0;
    for (let i = from; i < to; i++) {
      held |= (values[i] as number) << bits;
      bits += width;
      for (; bits >= 8; bits -= 8) {
        out[length++] = held & 255;
        held >>>= 8;
      }
    }
    if (bits > 0) out[length++] = held & 255;
    out.fill(0, length, end);
    length = end;
  };
  const repeat = (value: number, times: number) => {
    varint(times << 1);
    for (let shift = 0; shift < width; shift += 8) out[length++] = (value >>> shift) & 255;
  };
  let packedTo = 0;
  for (let at = 0; at < count; ) {
    const value = values[at] as number;
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    // Packed values come in eights, so that a run first fills up those before it.
    const toFill = (8 - ((at - packedTo) & 7)) & 7;
    if (end - at - toFill >= leastRun) {
      pack(packedTo, at + toFill);
      repeat(value, end - at - toFill);
      packedTo = end;
    }
    at = end;
  }
  pack(packedTo, count);
  return out.subarray(0, length);
}
