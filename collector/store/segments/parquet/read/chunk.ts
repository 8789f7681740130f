/** Reads the pages of one column: its dictionary, which entries and levels each value has, or its plain values. */
import { readSync } from 'node:fs';
import { constants, zstdDecompressSync } from 'node:zlib';
import type { Key } from '../../../../encryption/key-ring.ts';
import { openModule } from '../crypto.ts';
import { readStructUntil, type ThriftStruct } from '../thrift-tree.ts';
import { decodeDelta } from './delta.ts';
import { decodeHybrid } from './hybrid.ts';
import { type ChunkPlace, physicalType } from './row-groups.ts';
import { decodePlain, type Plain, type Texts, textsOfDelta } from './values.ts';

/** Numbers of the format (https://github.com/apache/parquet-format, parquet.thrift). */
const pageType = { data: 0, dictionary: 2, dataV2: 3 } as const;
const encoding = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  delta: 5,
  deltaLength: 6,
  dictionary: 8,
  split: 9,
} as const;
const codecs = { none: 0, zstd: 6 } as const;

/** Largest page after decompression; ours are a row group's column, some megabytes. */
const maxPageBytes = 1 << 29;

/** What one page of data says: levels, and values of those that are defined. */
export interface DataPart {
  /** Null where every value is defined. */
  readonly definitions: Uint32Array | null;
  readonly repetitions: Uint32Array | null;
  readonly count: number;
  /** Numbers in the dictionary counted from 1, or the values themselves. */
  readonly values: { readonly entries: Uint32Array } | { readonly plain: Plain };
}

interface Header {
  readonly type: number;
  readonly plainBytes: number;
  readonly bytes: number;
  readonly head: ThriftStruct;
}

export class Chunk {
  readonly place: ChunkPlace;
  readonly #fd: number;
  readonly #key: Key | undefined;
  #dictionary: Plain | null | undefined;

  /** With a key every page, and the head of each, is encrypted under it. */
  constructor(fd: number, place: ChunkPlace, key: Key | undefined) {
    this.#fd = fd;
    this.#key = key;
    this.place = place;
  }

  /** The values of the dictionary page; null where there is none. Reads nothing else. */
  get dictionary(): Plain | null {
    this.#dictionary ??= this.#readDictionary();
    return this.#dictionary;
  }

  /** Whether the footer says that no page holds a value of its own. */
  get isDictionaryWhole(): boolean {
    const { encodings, dictionaryAt } = this.place;
    // Plain is what the dictionary itself is in; a page that is plain too can only be told by reading it.
    return dictionaryAt !== undefined && isOurs(encodings);
  }

  #readDictionary(): Plain | null {
    const { dictionaryAt, dataAt, end, type } = this.place;
    if (dictionaryAt === undefined) return null;
    const bytes = this.#read(dictionaryAt, dataAt > dictionaryAt ? dataAt : end);
    const { header, body: packed } = this.#pageAt(bytes, 0);
    if (header.type !== pageType.dictionary) throw new Error('a page is not the dictionary it should be');
    const count = field(structIn(header.head, 7), 1);
    const body = this.#plain(packed, header.plainBytes);
    return decodePlain(body, 0, type, count);
  }

  /** All pages of data, in their order. */
  data(): DataPart[] {
    const { dataAt, end, values } = this.place;
    const bytes = this.#read(dataAt, end);
    const parts: DataPart[] = [];
    let count = 0;
    for (let at = 0; count < values; ) {
      const { header, body, end: next } = this.#pageAt(bytes, at);
      at = next;
      if (header.type === pageType.dictionary) continue;
      const part = this.#part(header, body);
      parts.push(part);
      count += part.count;
    }
    return parts;
  }

  #pageAt(
    bytes: Buffer,
    at: number,
  ): { readonly header: Header; readonly body: Buffer; readonly end: number } {
    if (this.#key === undefined) {
      const { header, end } = headerOf(bytes, at);
      if (end + header.bytes > bytes.length || header.bytes < 0) throw new Error('a page is cut off');
      const next = end + header.bytes;
      return { header, body: bytes.subarray(end, next), end: next };
    }
    const head = openModule(bytes, at, this.#key);
    const { header } = headerOf(head.body, 0);
    return { header, ...openModule(bytes, head.end, this.#key) };
  }

  #part(header: Header, bytes: Buffer): DataPart {
    if (header.type === pageType.dataV2) return this.#partV2(header, bytes);
    if (header.type !== pageType.data) throw new Error(`a page is of type ${header.type}`);
    const head = structIn(header.head, 5);
    const count = field(head, 1);
    const body = this.#plain(bytes, header.plainBytes);
    const { definition, repetition } = this.place;
    let at = 0;
    const levels = (greatest: number) => {
      if (greatest === 0) return null;
      const length = body.readUInt32LE(at);
      const { values } = decodeHybrid(
        body.subarray(0, at + 4 + length),
        at + 4,
        widthOfLevel(greatest),
        count,
      );
      at += 4 + length;
      return values;
    };
    const repetitions = levels(repetition);
    const definitions = levels(definition);
    return this.#valuesOf(field(head, 2), body, at, { count, repetitions, definitions });
  }

  #partV2(header: Header, bytes: Buffer): DataPart {
    const head = structIn(header.head, 8);
    const count = field(head, 1);
    const ofDefinition = field(head, 5);
    const ofRepetition = field(head, 6);
    const levelBytes = ofDefinition + ofRepetition;
    const isPacked = head.get(7)?.type !== 2;
    const rest = bytes.subarray(levelBytes);
    const body = isPacked ? this.#plain(rest, header.plainBytes - levelBytes) : rest;
    const { definition, repetition } = this.place;
    const levels = (greatest: number, from: number, length: number) =>
      greatest === 0
        ? null
        : decodeHybrid(bytes.subarray(0, from + length), from, widthOfLevel(greatest), count).values;
    const repetitions = levels(repetition, 0, ofRepetition);
    const definitions = levels(definition, ofRepetition, ofDefinition);
    return this.#valuesOf(field(head, 4), body, 0, { count, repetitions, definitions });
  }

  #valuesOf(used: number, body: Buffer, at: number, levels: Omit<DataPart, 'values'>): DataPart {
    const { definition, type } = this.place;
    const { definitions, count } = levels;
    let present = count;
    if (definitions !== null) {
      present = 0;
      for (const level of definitions) if (level === definition) present++;
    }
    return { ...levels, values: this.#decode(used, body, at, present, type) };
  }

  #decode(used: number, body: Buffer, at: number, count: number, type: number): DataPart['values'] {
    switch (used) {
      case encoding.dictionary:
      case encoding.plainDictionary: {
        if (count === 0) return { entries: new Uint32Array(0) };
        const width = body[at] ?? 0;
        if (width > 32) throw new Error('numbers of entries are too wide');
        return { entries: decodeHybrid(body, at + 1, width, count, 1).values };
      }
      case encoding.plain:
        return { plain: decodePlain(body, at, type, count) };
      case encoding.delta:
        return { plain: decodeDelta(body, at, count).values };
      case encoding.deltaLength:
        return { plain: textsOfDelta(body, at, count) };
      case encoding.rle: {
        if (type !== physicalType.bool) break;
        return { plain: Float64Array.from(decodeHybrid(body, at + 4, 1, count).values) };
      }
      case encoding.split:
        return { plain: splitDoubles(body, at, count) };
    }
    throw new Error(`encoding ${used} is not known here`);
  }

  #read(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(to - from);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#fd, bytes, at, bytes.length - at, from + at);
      if (read === 0) throw new Error('a column is cut off');
      at += read;
    }
    return bytes;
  }

  #plain(bytes: Buffer, plainBytes: number): Buffer {
    if (plainBytes > maxPageBytes) throw new Error('a page is larger than any should be');
    const { codec } = this.place;
    if (codec === codecs.none) return bytes;
    if (codec !== codecs.zstd) throw new Error(`codec ${codec} is not known here`);
    if (plainBytes === 0) return bytes;
    // In one piece, with a byte to spare that says it is the last: pieces of 16 KiB are put together by copying.
    const chunkSize = Math.max(constants.Z_MIN_CHUNK, plainBytes + 1);
    return zstdDecompressSync(bytes, { maxOutputLength: plainBytes, chunkSize });
  }
}

/** As our own writer states them, which never gives up on a dictionary. */
function isOurs(encodings: readonly number[]): boolean {
  const [first, second, third, ...more] = encodings;
  const dictionaryOnly = [encoding.plain, encoding.rle, encoding.dictionary];
  return more.length === 0 && [first, second, third].every((one, i) => one === dictionaryOnly[i]);
}

function headerOf(bytes: Buffer, at: number): { readonly header: Header; readonly end: number } {
  const { struct, end } = readStructUntil(bytes, at);
  const sizes = { plainBytes: field(struct, 2), bytes: field(struct, 3) };
  return { header: { type: field(struct, 1), ...sizes, head: struct }, end };
}

function field(struct: ThriftStruct, id: number): number {
  const value = struct.get(id)?.value;
  if (typeof value !== 'number') throw new Error(`the head of a page has no field ${id}`);
  return value;
}

function structIn(struct: ThriftStruct, id: number): ThriftStruct {
  const value = struct.get(id)?.value;
  if (!(value instanceof Map)) throw new Error(`the head of a page has no field ${id}`);
  return value;
}

function widthOfLevel(greatest: number): number {
  return 32 - Math.clz32(greatest);
}

/** BYTE_STREAM_SPLIT of doubles: the first bytes of all, then the second ones. */
function splitDoubles(body: Buffer, at: number, count: number): Float64Array {
  const bytes = new Uint8Array(count * 8);
  if (at + bytes.length > body.length) throw new RangeError('values are cut off');
  for (let k = 0; k < 8; k++)
    for (let i = 0; i < count; i++) bytes[i * 8 + k] = body[at + k * count + i] as number;
  return new Float64Array(bytes.buffer);
}

export type { Plain, Texts };
