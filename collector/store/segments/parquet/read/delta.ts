/**
 * Reads integers in Parquet's DELTA_BINARY_PACKED
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/). Values and differences within ±2^53. Throws
 * RangeError when the bytes end first or hold more values than `most`.
 */
export function decodeDelta(
  bytes: Buffer,
  at: number,
  most: number,
): { readonly values: Float64Array; readonly end: number } {
  const from = new Cursor(bytes, at);
  const blockValues = from.varint();
  const miniBlocks = from.varint();
  const count = from.varint();
  if (count > most || miniBlocks === 0 || blockValues % miniBlocks !== 0 || blockValues > 1 << 20)
    throw new RangeError('the head of differences is not sound');
  const perMini = blockValues / miniBlocks;
  const values = new Float64Array(count);
  let value = from.zigzag();
  if (count > 0) values[0] = value;
  for (let done = 1; done < count; ) {
    const least = from.zigzag();
    const widths = from.take(miniBlocks);
    for (let mini = 0; mini < miniBlocks && done < count; mini++) {
      const width = widths[mini] as number;
      const taken = Math.min(perMini, count - done);
      const end = from.at + (perMini * width) / 8;
      if (width > 64) throw new RangeError('differences are too wide');
      for (let i = 0; i < taken; i++) {
        value += least + from.bits(width);
        values[done++] = value;
      }
      from.seek(end);
    }
  }
  return { values, end: from.at };
}

class Cursor {
  readonly #bytes: Buffer;
  at: number;
  #held = 0;
  #bits = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('differences are cut off');
    return byte;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#bytes.length) throw new RangeError('differences are cut off');
    this.at = end;
    return this.#bytes.subarray(end - count, end);
  }

  /** Goes on at a place where whole bytes begin. */
  seek(at: number): void {
    this.at = at;
    this.#held = 0;
    this.#bits = 0;
  }

  /** The next bits, the lowest first; exact up to 53 of them. */
  bits(width: number): number {
    if (width > 24) {
      const low = this.bits(24);
      return low + this.bits(width - 24) * 2 ** 24;
    }
    while (this.#bits < width) {
      this.#held |= this.byte() << this.#bits;
      this.#bits += 8;
    }
    const value = this.#held & (2 ** width - 1);
    this.#held >>>= width;
    this.#bits -= width;
    return value;
  }
}
