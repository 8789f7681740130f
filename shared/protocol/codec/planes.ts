/**
 * Integer columns as byte planes: each value minus the least of them, in as few bytes as the span needs, all
 * lowest bytes first, then all second ones, and so on. Planes of equal or slowly changing bytes all but vanish
 * under zstd. `width` 0 means every value equals `base`.
 */
export type Planes = readonly [base: number, width: number, bytes: Uint8Array];

const empty = new Uint8Array(0);

function widthOf(span: number): number {
  let width = 0;
  for (let rest = span; rest >= 1; rest = Math.floor(rest / 256)) width++;
  return width;
}

/** Values must be safe integers whose span is below 2^53. */
export function encodePlanes(values: ArrayLike<number>): Planes {
  const count = values.length;
  if (count === 0) return [0, 0, empty];
  let min = values[0] as number;
  let max = min;
  for (let i = 1; i < count; i++) {
    const v = values[i] as number;
    if (v < min) min = v;
    else if (v > max) max = v;
  }
  const width = widthOf(max - min);
  const bytes = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) {
    let rest = (values[i] as number) - min;
    for (let plane = 0; plane < width; plane++) {
      bytes[plane * count + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  return [min, width, bytes];
}

/** True when `value` has the form of planes for `count` values. */
export function isPlanes(value: unknown, count: number): value is Planes {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [base, width, bytes] = value as unknown[];
  return (
    Number.isSafeInteger(base) &&
    Number.isInteger(width) &&
    (width as number) >= 0 &&
    (width as number) <= 7 &&
    bytes instanceof Uint8Array &&
    bytes.length === count * (width as number)
  );
}

/** Writes the values into `out`, whose length is the count. */
export function decodePlanes(
  [base, width, bytes]: Planes,
  out: Float64Array | Uint32Array | Uint16Array | Uint8Array,
): void {
  const count = out.length;
  if (width === 0) {
    out.fill(base);
    return;
  }
  for (let i = 0; i < count; i++) out[i] = base + (bytes[i] as number);
  for (let plane = 1, scale = 256; plane < width; plane++, scale *= 256) {
    const from = plane * count;
    for (let i = 0; i < count; i++) {
      const b = bytes[from + i] as number;
      if (b !== 0) out[i] = (out[i] as number) + b * scale;
    }
  }
}

/** Integers either as they are or as differences to the one before, whichever is narrower. */
export type IntPlanes = readonly [first: number | null, planes: Planes];

export function encodeInts(values: ArrayLike<number>): IntPlanes {
  const plain = encodePlanes(values);
  if (plain[1] < 2) return [null, plain];
  const deltas = new Float64Array(values.length - 1);
  for (let i = 1; i < values.length; i++) deltas[i - 1] = (values[i] as number) - (values[i - 1] as number);
  const delta = encodePlanes(deltas);
  return delta[1] < plain[1] ? [values[0] as number, delta] : [null, plain];
}

export function isIntPlanes(value: unknown, count: number): value is IntPlanes {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, planes] = value as unknown[];
  if (first === null) return isPlanes(planes, count);
  return count > 0 && Number.isSafeInteger(first) && isPlanes(planes, count - 1);
}

export function decodeInts([first, planes]: IntPlanes, count: number): Float64Array {
  const out = new Float64Array(count);
  if (first === null) {
    decodePlanes(planes, out);
    return out;
  }
  decodePlanes(planes, out.subarray(1));
  out[0] = first;
  for (let i = 1; i < count; i++) out[i] = (out[i - 1] as number) + (out[i] as number);
  return out;
}
