import { constants, zstdCompressSync } from 'node:zlib';
import { encodeDelta } from './delta.ts';
import type {
  Dictionary,
  Gathered,
  GatheredBools,
  GatheredLists,
  GatheredNumbers,
  GatheredStrings,
} from './gathered.ts';
import { encodeHybrid, widthOf } from './hybrid.ts';
import { ThriftWriter } from './thrift.ts';

/** Numbers of the format (https://github.com/apache/parquet-format, parquet.thrift). */
export const encoding = { plain: 0, hybrid: 3, delta: 5, dictionary: 8 } as const;
const pageType = { data: 0, dictionary: 2 } as const;

/** How the numbers of a column are kept. */
export type NumberForm = 'int' | 'float';

/**
 * Files that are kept are made small and easy to pass over: packed by zstd, numbers by their differences, with bounds of
 * strings. Those that are read a few times and thrown away, as the journal's tail, are made quickly.
 */
export type Purpose = 'kept' | 'read';

/** Greatest distance between two integers that differences are exact for. */
const maxDeltaSpan = 2 ** 51;
/** Bytes of a value that is worth being kept as the least or greatest of its column. */
const maxBoundBytes = 128;
/** Of a UTF-16 unit in UTF-8. */
const maxCharacterBytes = 3;
const level = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

export interface Page {
  readonly head: Buffer;
  readonly body: Buffer;
  readonly plainBytes: number;
}

/** A column of a row group as pages, one after another, and what the footer says of it. */
export interface Chunk {
  readonly pages: readonly Page[];
  /** The first page is a dictionary. */
  readonly hasDictionary: boolean;
  readonly plainBytes: number;
  readonly encodings: readonly number[];
  /** Values, absent ones among them; of lists, entries and empty lists. */
  readonly values: number;
  readonly nulls: number;
  readonly least: Buffer | undefined;
  readonly greatest: Buffer | undefined;
}

/** The rows of a gathered column, in `order`, encoded. */
export function encodeChunk(column: Gathered, order: Uint32Array, form: NumberForm, purpose: Purpose): Chunk {
  switch (column.kind) {
    case 'string':
      return stringChunk(column, order, purpose);
    case 'number':
      return numberChunk(column, order, form, purpose);
    case 'bool':
      return boolChunk(column, order, purpose);
    case 'list':
      return listChunk(column, order, purpose);
  }
}

function stringChunk({ dictionary, rows }: GatheredStrings, order: Uint32Array, purpose: Purpose): Chunk {
  const defined = new Uint8Array(order.length);
  const numbers = new Uint32Array(order.length);
  let present = 0;
  for (let i = 0; i < order.length; i++) {
    const number = rows[order[i] as number] as number;
    if (number === 0) continue;
    defined[i] = 1;
    numbers[present++] = number - 1;
  }
  const levels = [levelsOf(defined, order.length, 1)];
  const counts = { values: order.length, nulls: order.length - present };
  return dictionaryChunk(dictionary, levels, numbers.subarray(0, present), counts, purpose);
}

function listChunk(
  { dictionary, starts, lengths, entries }: GatheredLists,
  order: Uint32Array,
  purpose: Purpose,
): Chunk {
  let values = 0;
  for (const row of order) values += Math.max(1, lengths[row] as number);
  const repeated = new Uint8Array(values);
  const defined = new Uint8Array(values);
  const numbers = new Uint32Array(values);
  let at = 0;
  let present = 0;
  for (const row of order) {
    const length = lengths[row] as number;
    if (length <= 0) {
      // 0 no list, 1 an empty one, 2 an entry.
      defined[at++] = length < 0 ? 0 : 1;
      continue;
    }
    for (let i = 0; i < length; i++) {
      repeated[at] = i === 0 ? 0 : 1;
      defined[at++] = 2;
      numbers[present++] = (entries[(starts[row] as number) + i] as number) - 1;
    }
  }
  const levels = [levelsOf(repeated, values, 1), levelsOf(defined, values, 2)];
  const counts = { values, nulls: values - present };
  return dictionaryChunk(dictionary, levels, numbers.subarray(0, present), counts, purpose);
}

interface Counts {
  readonly values: number;
  readonly nulls: number;
}

function dictionaryChunk(
  { entries, characters }: Dictionary,
  levels: readonly Buffer[],
  numbers: Uint32Array,
  counts: Counts,
  purpose: Purpose,
): Chunk {
  const plain = byteArrays(entries, characters);
  const dictionary = page(pageType.dictionary, entries.length, encoding.plain, [plain], purpose);
  const width = widthOf(entries.length);
  const body = [...levels, Buffer.of(width), encodeHybrid(numbers, numbers.length, width)];
  const data = page(pageType.data, counts.values, encoding.dictionary, body, purpose);
  const bounds = purpose === 'kept' ? boundsOf(plain) : {};
  return {
    ...chunkOf([dictionary, data], counts),
    hasDictionary: true,
    encodings: [encoding.plain, encoding.hybrid, encoding.dictionary],
    ...bounds,
  };
}

function numberChunk(
  { values, present }: GatheredNumbers,
  order: Uint32Array,
  form: NumberForm,
  purpose: Purpose,
): Chunk {
  const defined = new Uint8Array(order.length);
  const found = new Float64Array(order.length);
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    if (present[row] !== 1) continue;
    const value = values[row] as number;
    defined[i] = 1;
    found[count++] = value;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const isDelta = purpose === 'kept' && form === 'int' && greatest - least < maxDeltaSpan;
  const encoded = isDelta ? encodeDelta(found, count) : plainNumbers(found.subarray(0, count), form);
  const used = isDelta ? encoding.delta : encoding.plain;
  const body = [levelsOf(defined, order.length, 1), encoded];
  const bound = (value: number) => plainNumbers(Float64Array.of(value), form);
  return {
    ...chunkOf([page(pageType.data, order.length, used, body, purpose)], {
      values: order.length,
      nulls: order.length - count,
    }),
    encodings: [encoding.hybrid, used],
    least: count === 0 ? undefined : bound(least),
    greatest: count === 0 ? undefined : bound(greatest),
  };
}

function boolChunk({ rows }: GatheredBools, order: Uint32Array, purpose: Purpose): Chunk {
  const defined = new Uint8Array(order.length);
  const packed = Buffer.alloc(Math.ceil(order.length / 8));
  let count = 0;
  for (let i = 0; i < order.length; i++) {
    const value = rows[order[i] as number] as number;
    if (value === 0) continue;
    defined[i] = 1;
    if (value === 2) packed[count >> 3] = (packed[count >> 3] as number) | (1 << (count & 7));
    count++;
  }
  const body = [levelsOf(defined, order.length, 1), packed.subarray(0, Math.ceil(count / 8))];
  return {
    ...chunkOf([page(pageType.data, order.length, encoding.plain, body, purpose)], {
      values: order.length,
      nulls: order.length - count,
    }),
    encodings: [encoding.hybrid, encoding.plain],
  };
}

/** Levels of repetition or definition, with their length before them. */
function levelsOf(levels: Uint8Array, count: number, greatest: 1 | 2): Buffer {
  const encoded = encodeHybrid(levels, count, greatest);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return Buffer.concat([length, encoded]);
}

/** Each entry behind its length. */
function byteArrays(entries: readonly string[], characters: number): Buffer {
  const out = Buffer.allocUnsafe(entries.length * 4 + characters * maxCharacterBytes);
  let at = 0;
  for (const entry of entries) {
    const length = out.write(entry, at + 4);
    at = out.writeUInt32LE(length, at) + length;
  }
  return out.subarray(0, at);
}

function plainNumbers(values: Float64Array, form: NumberForm): Buffer {
  if (form === 'float') return Buffer.from(Float64Array.from(values).buffer);
  const out = new DataView(new ArrayBuffer(values.length * 8));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const high = Math.floor(value / 2 ** 32);
    out.setUint32(i * 8, value - high * 2 ** 32, true);
    out.setInt32(i * 8 + 4, high, true);
  }
  return Buffer.from(out.buffer);
}

/** The least and greatest of byte arrays as readers compare them; none where either is long. */
function boundsOf(plain: Buffer): Pick<Chunk, 'least' | 'greatest'> {
  let least: Buffer | undefined;
  let greatest: Buffer | undefined;
  for (let at = 0; at < plain.length; ) {
    const from = at + 4;
    at = from + plain.readUInt32LE(at);
    if (least === undefined || plain.compare(least, 0, least.length, from, at) < 0)
      least = plain.subarray(from, at);
    if (greatest === undefined || plain.compare(greatest, 0, greatest.length, from, at) > 0)
      greatest = plain.subarray(from, at);
  }
  const isShort = (least?.length ?? 0) <= maxBoundBytes && (greatest?.length ?? 0) <= maxBoundBytes;
  return isShort ? { least, greatest } : { least: undefined, greatest: undefined };
}

function page(type: number, values: number, used: number, parts: readonly Buffer[], purpose: Purpose): Page {
  const body = Buffer.concat(parts);
  const packed = purpose === 'kept' ? zstdCompressSync(body, level) : body;
  const header = new ThriftWriter();
  header.i32(1, type);
  header.i32(2, body.length);
  header.i32(3, packed.length);
  if (type === pageType.dictionary) {
    header.struct(7, () => {
      header.i32(1, values);
      header.i32(2, used);
    });
  } else {
    header.struct(5, () => {
      header.i32(1, values);
      header.i32(2, used);
      header.i32(3, encoding.hybrid);
      header.i32(4, encoding.hybrid);
    });
  }
  const head = header.finish();
  return { head, body: packed, plainBytes: head.length + body.length };
}

function chunkOf(pages: readonly Page[], counts: Counts) {
  return {
    ...counts,
    pages,
    plainBytes: pages.reduce((sum, { plainBytes }) => sum + plainBytes, 0),
    hasDictionary: false,
    least: undefined,
    greatest: undefined,
  };
}
