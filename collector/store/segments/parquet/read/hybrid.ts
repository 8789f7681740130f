/**
 * Reads Parquet's hybrid of runs and packed bits
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/, RLE): `count` values of `width` bits from `at`
 * on, each with `add` added. Throws RangeError when the bytes end before the values do.
 */
export function decodeHybrid(
  bytes: Buffer,
  at: number,
  width: number,
  count: number,
  add = 0,
): { readonly values: Uint32Array; readonly end: number } {
  const values = new Uint32Array(count);
  let from = at;
  for (let done = 0; done < count; ) {
    let head = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = byteAt(bytes, from++);
      head += (byte & 127) * factor;
      if (byte < 128) break;
    }
    if (head % 2 === 0) {
      const times = Math.min(head / 2, count - done);
      let value = 0;
      for (let i = 0; i * 8 < width; i++) value += byteAt(bytes, from++) * 2 ** (8 * i);
      values.fill(value + add, done, done + times);
      if (times === 0) throw new RangeError('a run is empty');
      done += times;
    } else {
      const groups = (head - 1) / 2;
      const packed = groups * width;
      const taken = Math.min(groups * 8, count - done);
      if (taken === 0 || from + Math.ceil((taken * width) / 8) > bytes.length)
        throw new RangeError('packed values are cut off');
      unpack(bytes, from, width, values, done, taken, add);
      from += packed;
      done += taken;
    }
  }
  return { values, end: from };
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('runs are cut off');
  return byte;
}

/** The lowest bits first. What is held is below 2^39, so bits are taken off by reckoning where they are many. */
function unpack(
  bytes: Buffer,
  from: number,
  width: number,
  into: Uint32Array,
  at: number,
  count: number,
  add: number,
): void {
  if (width === 0) {
    into.fill(add, at, at + count);
    return;
  }
  let next = from;
  let bits = 0;
  let held = 0;
  if (width <= 24) {
    const mask = 2 ** width - 1;
    for (let i = at; i < at + count; i++) {
      for (; bits < width; bits += 8) held |= (bytes[next++] as number) << bits;
      into[i] = (held & mask) + add;
      held >>>= width;
      bits -= width;
    }
    return;
  }
  const limit = 2 ** width;
  for (let i = at; i < at + count; i++) {
    for (; bits < width; bits += 8) held += (bytes[next++] as number) * 2 ** bits;
    into[i] = (held % limit) + add;
    held = Math.floor(held / limit);
    bits -= width;
  }
}
