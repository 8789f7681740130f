/** Ways to spoil bytes. Each is named, so that what a run did can be counted. */
import { Packr } from 'msgpackr';

export interface Source {
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** What parts are taken from. */
  readonly seeds: readonly Buffer[];
}
type Mutation = (bytes: Buffer, source: Source) => Buffer;

const below = ({ random }: Source, n: number) => Math.floor(random() * n);
const pick = <T>(source: Source, list: readonly T[]) => list[below(source, list.length)] as T;
const randomBytes = (source: Source, n: number) =>
  Buffer.from(Array.from({ length: n }, () => below(source, 256)));

const packr = new Packr({ useRecords: false, variableMapSize: true });
/** Headers of msgpack with a size of 4 bytes behind them: bin, ext, str, array, map. */
const longHeaders = [0xc6, 0xc9, 0xdb, 0xdd, 0xdf];
/** With 1, 2 and 4 bytes of size, as the specification of msgpack lists them. */
const sizeBytes: Readonly<Record<number, number>> = {
  ...{ 196: 1, 197: 2, 198: 4, 199: 1, 200: 2, 201: 4 },
  ...{ 217: 1, 218: 2, 219: 4, 220: 2, 221: 4, 222: 2, 223: 4 },
};
const maxNesting = 50_000;
const words = [
  'kind',
  'hello',
  'batch',
  'result',
  'ping',
  'bye',
  'stream',
  'sequence',
  'data',
  'facts',
  'features',
];
const oddities = [
  null,
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  -(2 ** 63),
  true,
  '',
  '\u0000',
  '__proto__',
  'constructor',
];

/** Any value that msgpack can hold, with names our frames use. */
function anyValue(source: Source, depth: number): unknown {
  const choice = below(source, depth > 0 ? 9 : 6);
  if (choice === 0) return pick(source, oddities);
  if (choice === 1) return pick(source, words);
  if (choice === 2) return below(source, 2 ** 31);
  if (choice === 3) return randomBytes(source, below(source, 64));
  if (choice === 4) return 'x'.repeat(below(source, 5000));
  if (choice === 5) return new Date(below(source, 2 ** 40));
  if (choice === 6) return Array.from({ length: below(source, 40) }, () => anyValue(source, depth - 1));
  const keys = Array.from({ length: below(source, choice === 7 ? 6 : 80) }, (_, i) =>
    source.random() < 0.6 ? pick(source, words) : `k${i}`,
  );
  return Object.fromEntries(keys.map((key) => [key, anyValue(source, depth - 1)]));
}

function lieAboutLength(bytes: Buffer, source: Source): Buffer {
  const out = Buffer.from(bytes);
  const start = below(source, out.length);
  for (let i = 0; i < out.length; i++) {
    const at = (start + i) % out.length;
    const byte = out[at] as number;
    const size = sizeBytes[byte] ?? 0;
    if (size > 0 && at + size < out.length) {
      for (let k = 1; k <= size; k++) out[at + k] = source.random() < 0.5 ? 0xff : below(source, 256);
      return out;
    }
    // The short headers have their size in the byte itself: maps, arrays, strings.
    if (byte >= 0x80 && byte <= 0xbf) {
      out[at] = (byte & 0xf0) | below(source, 16);
      return out;
    }
  }
  return out;
}

function nested(source: Source, tail: Buffer): Buffer {
  const layer = pick(source, [
    Buffer.from([0x91]),
    Buffer.from([0x81, 0xa1, 0x61]),
    Buffer.from([0x92, 0xc0]),
  ]);
  const depth = 1 + below(source, maxNesting);
  return Buffer.concat([Buffer.alloc(layer.length * depth, layer), tail]);
}

export const mutations: Readonly<Record<string, Mutation>> = {
  'bit flips': (bytes, source) => {
    const out = Buffer.from(bytes);
    for (let n = 1 + below(source, 8); n > 0 && out.length > 0; n--) {
      const at = below(source, out.length);
      out[at] = (out[at] as number) ^ (1 << below(source, 8));
    }
    return out;
  },
  'bytes set': (bytes, source) => {
    const out = Buffer.from(bytes);
    for (let n = 1 + below(source, 6); n > 0 && out.length > 0; n--)
      out[below(source, out.length)] = below(source, 256);
    return out;
  },
  truncated: (bytes, source) => bytes.subarray(0, below(source, bytes.length)),
  spliced: (bytes, source) => {
    const other = pick(source, source.seeds);
    return Buffer.concat([
      bytes.subarray(0, below(source, bytes.length)),
      other.subarray(below(source, other.length)),
    ]);
  },
  'part removed': (bytes, source) => {
    const at = below(source, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(source, 16))]);
  },
  'part repeated': (bytes, source) => {
    const at = below(source, bytes.length);
    const part = bytes.subarray(at, at + 1 + below(source, 32));
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array(1 + below(source, 20)).fill(part),
      bytes.subarray(at),
    ]);
  },
  'bytes put in': (bytes, source) => {
    const at = below(source, bytes.length);
    return Buffer.concat([
      bytes.subarray(0, at),
      randomBytes(source, 1 + below(source, 8)),
      bytes.subarray(at),
    ]);
  },
  'length lies': lieAboutLength,
  'huge claims': (bytes, source) => {
    const at = below(source, bytes.length);
    const claim = Buffer.from([pick(source, longHeaders), 0xff, 0xff, 0xff, 0xff - below(source, 2)]);
    return Buffer.concat([bytes.subarray(0, at), claim, bytes.subarray(at + 1)]);
  },
  'deep nesting': (bytes, source) => {
    // Deep values cost a thousand times what others do; they are rarer.
    if (source.random() < 0.98) return mutations['bit flips']!(bytes, source);
    return nested(source, bytes);
  },
  extensions: (bytes, source) => {
    const at = below(source, bytes.length);
    // The types msgpackr knows (records, sets, errors, expressions, dates) and some it does not.
    const type = pick(source, [
      0x72,
      0x73,
      0x65,
      0x78,
      0xff,
      0x62,
      0x69,
      0x70,
      0x74,
      0x54,
      0x00,
      below(source, 256),
    ]);
    const size = pick(source, [0xd4, 0xd5, 0xd6, 0xd7, 0xd8]);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([size, type]),
      randomBytes(source, 4),
      bytes.subarray(at),
    ]);
  },
  'wrong shapes': (_, source) => packr.pack(anyValue(source, 3)),
  'any bytes': (_, source) => randomBytes(source, below(source, 300)),
};

const names = Object.keys(mutations);

/** One of the seeds, spoilt in one way or several; with the name of the last. */
export function mutated(source: Source): { readonly bytes: Buffer; readonly how: string } {
  let bytes = pick(source, source.seeds);
  let how = '';
  for (let n = source.random() < 0.25 ? 2 : 1; n > 0 && bytes.length > 0; n--) {
    how = pick(source, names);
    bytes = (mutations[how] as Mutation)(bytes, source);
  }
  return { bytes, how };
}
