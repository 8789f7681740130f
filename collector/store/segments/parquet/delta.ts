const blockValues = 128;
const miniBlocks = 4;
const miniValues = blockValues / miniBlocks;
const wide = 2 ** 32;

/**
 * Integers in Parquet's DELTA_BINARY_PACKED (https://parquet.apache.org/docs/file-format/data-pages/encodings/): the
 * first value, then differences in blocks, each packed into as few bits as its largest takes. Values within ±2^52, so
 * differences within ±2^53.
 */
export function encodeDelta(values: Float64Array, count: number): Buffer {
  const out = new Bytes(count);
  out.varint(blockValues);
  out.varint(miniBlocks);
  out.varint(count);
  out.zigzag(count > 0 ? (values[0] as number) : 0);
  const deltas = new Float64Array(blockValues);
  for (let from = 1; from < count; from += blockValues) {
    const inBlock = Math.min(blockValues, count - from);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < inBlock; i++) {
      const delta = (values[from + i] as number) - (values[from + i - 1] as number);
      deltas[i] = delta;
      if (delta < least) least = delta;
    }
    out.zigzag(least);
    const widths = new Uint8Array(miniBlocks);
    for (let mini = 0; mini < miniBlocks; mini++) {
      let most = 0;
      for (let i = mini * miniValues; i < Math.min(inBlock, (mini + 1) * miniValues); i++) {
        deltas[i] = (deltas[i] as number) - least;
        if ((deltas[i] as number) > most) most = deltas[i] as number;
      }
      widths[mini] = bitsOf(most);
    }
    for (const width of widths) out.byte(width);
    for (let mini = 0; mini * miniValues < inBlock; mini++) {
      deltas.fill(0, inBlock);
      out.pack(deltas, mini * miniValues, widths[mini] as number);
    }
  }
  return out.finish();
}

function bitsOf(value: number): number {
  const high = Math.floor(value / wide);
  return high === 0 ? 32 - Math.clz32(value) : 64 - Math.clz32(high);
}

/** Bytes that grow. */
class Bytes {
  #bytes: Buffer;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(64 + expected * 2);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  /** Within ±2^53, which doubled is exact still. */
  zigzag(value: number): void {
    if (value >= 0) this.varint(value * 2);
    // 2 * |value| - 1 is not exact from 2^52 on; its lowest seven bits are taken off first.
    else {
      const most = -value - 1;
      const low = most % 64;
      const rest = (most - low) / 64;
      const first = low * 2 + 1;
      if (rest === 0) this.byte(first);
      else {
        this.byte(first | 128);
        this.varint(rest);
      }
    }
  }

  /** A mini block of values below 2^54, `width` bits each, the lowest first. */
  pack(values: Float64Array, from: number, width: number): void {
    this.#reserve((miniValues * width) / 8);
    let held = 0;
    let bits = 0;
    const put = (part: number, count: number) => {
      held += part * 2 ** bits;
      for (bits += count; bits >= 8; bits -= 8) {
        this.#bytes[this.#length++] = held & 255;
        held = Math.floor(held / 256);
      }
    };
    for (let i = from; i < from + miniValues; i++) {
      const value = values[i] as number;
      if (width <= 32) put(value, width);
      else {
        put(value % wide, 32);
        put(Math.floor(value / wide), width - 32);
      }
    }
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
