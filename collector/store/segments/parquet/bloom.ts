/** Parquet's split-block bloom filter (https://github.com/apache/parquet-format/blob/master/BloomFilter.md). */
import { readSync } from 'node:fs';
import { ThriftWriter } from './thrift.ts';
import { readStructUntil } from './thrift-tree.ts';
import { xxhash64 } from './xxhash64.ts';

const blockBytes = 32;
const salts = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);
/** With so many a filter passes about one value in two hundred that is not there. */
const bitsByValue = 12;
const maxBytes = 1024 ** 2;

/** Bits of a value in its block, and which block of so many that is. */
function placeOf(value: Buffer, blocks: number) {
  const { high, low } = xxhash64(value, value.length);
  const bits = Array.from(salts, (salt) => Math.imul(low, salt) >>> 27);
  return { block: Math.floor((high * blocks) / 2 ** 32), bits };
}

/** Longest header of a filter. */
const maxHeaderBytes = 64;

/** Whether the filter at this offset of an open file lets a value pass. Throws when there is none. */
export function passesFilter(fd: number, at: number, value: Buffer): boolean {
  const head = Buffer.alloc(maxHeaderBytes);
  const { struct, end } = readStructUntil(head.subarray(0, readSync(fd, head, 0, maxHeaderBytes, at)), 0);
  const bytes = struct.get(1)?.value;
  if (typeof bytes !== 'number' || bytes < blockBytes) throw new Error('there is no bloom filter');
  const { block, bits } = placeOf(value, Math.floor(bytes / blockBytes));
  const words = Buffer.alloc(blockBytes);
  if (readSync(fd, words, 0, blockBytes, at + end + block * blockBytes) < blockBytes)
    throw new Error('a bloom filter is cut off');
  return bits.every((bit, i) => ((words.readUInt32LE(i * 4) >>> bit) & 1) === 1);
}

/** The filter with its header, for the distinct values of a column of strings. */
export function bloomFilter(values: readonly Buffer[]): Buffer {
  const wanted = (values.length * bitsByValue) / 8;
  let bytes = blockBytes;
  while (bytes < wanted && bytes < maxBytes) bytes *= 2;
  const words = new Uint32Array(bytes / 4);
  const blocks = bytes / blockBytes;
  for (const value of values) {
    const { high, low } = xxhash64(value, value.length);
    const block = Math.floor((high * blocks) / 2 ** 32) * 8;
    for (let i = 0; i < 8; i++) {
      const bit = Math.imul(low, salts[i] as number) >>> 27;
      words[block + i] = ((words[block + i] as number) | (1 << bit)) >>> 0;
    }
  }
  const header = new ThriftWriter();
  header.i32(1, bytes);
  // Block, xxHash and uncompressed: unions of which each has its first member, and that is empty.
  for (const field of [2, 3, 4]) header.struct(field, () => header.struct(1, () => undefined));
  return Buffer.concat([header.finish(), Buffer.from(words.buffer)]);
}
