/** Plain values of a page. */
import { isAscii } from 'node:buffer';
import { decodeDelta } from './delta.ts';
import { physicalType } from './row-groups.ts';

/** Texts one after another: text `i` is the bytes from `starts[i]` to `ends[i]`. */
export interface Texts {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Numbers, booleans as 0 and 1, or texts. */
export type Plain = Float64Array | Texts;

/** `count` values from `at` on. Throws RangeError when the bytes end first. */
export function decodePlain(body: Buffer, at: number, type: number, count: number): Plain {
  switch (type) {
    case physicalType.bytes:
      return texts(body, at, count);
    case physicalType.int64:
      return numbers(count, (i) => {
        const from = at + i * 8;
        return body.readInt32LE(from + 4) * 2 ** 32 + body.readUInt32LE(from);
      });
    case physicalType.int32:
      return numbers(count, (i) => body.readInt32LE(at + i * 4));
    case physicalType.double:
      return numbers(count, (i) => body.readDoubleLE(at + i * 8));
    case physicalType.bool:
      return numbers(count, (i) => (body.readUInt8(at + (i >> 3)) >> (i & 7)) & 1);
    default:
      throw new Error(`values of type ${type} are not known here`);
  }
}

function numbers(count: number, of: (i: number) => number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = of(i);
  return out;
}

function texts(bytes: Buffer, at: number, count: number): Texts {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let next = at;
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32LE(next);
    starts[i] = next + 4;
    next += 4 + length;
    if (next > bytes.length) throw new RangeError('texts are cut off');
    ends[i] = next;
  }
  return { bytes, starts, ends };
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. */
export function textsOfDelta(bytes: Buffer, at: number, count: number): Texts {
  const lengths = decodeDelta(bytes, at, count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let next = lengths.end;
  for (let i = 0; i < count; i++) {
    starts[i] = next;
    next += lengths.values[i] as number;
    ends[i] = next;
  }
  if (next > bytes.length) throw new RangeError('texts are cut off');
  return { bytes, starts, ends };
}

/** The texts as strings. Of a page of ASCII they are parts of one string, which is far quicker than one by one. */
export function stringsOf({ bytes, starts, ends }: Texts): string[] {
  const out = new Array<string>(starts.length);
  if (isAscii(bytes)) {
    const all = bytes.toString('latin1');
    for (let i = 0; i < starts.length; i++) out[i] = all.substring(starts[i] as number, ends[i] as number);
  } else
    for (let i = 0; i < starts.length; i++)
      out[i] = bytes.toString('utf8', starts[i] as number, ends[i] as number);
  return out;
}
