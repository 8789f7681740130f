/** Structures of Thrift's compact protocol read as they are, so that parts of them can be changed and written again. */
import { thriftType } from './thrift.ts';

export type ThriftValue = number | Buffer | ThriftList | ThriftStruct;
export interface ThriftList {
  readonly of: number;
  readonly items: ThriftValue[];
}
export interface ThriftField {
  readonly type: number;
  value: ThriftValue;
}
/** By the numbers of its fields, in their order. */
export type ThriftStruct = Map<number, ThriftField>;

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  get at(): number {
    return this.#at;
  }

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  struct(): ThriftStruct {
    const fields: ThriftStruct = new Map();
    for (let last = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return fields;
      const step = head >> 4;
      last = step === 0 ? this.#zigzag() : last + step;
      fields.set(last, { type: head & 15, value: this.#value(head & 15) });
    }
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case thriftType.true:
      case thriftType.false:
        return type;
      case thriftType.i16:
      case thriftType.i32:
      case thriftType.i64:
        return this.#zigzag();
      case thriftType.binary:
        return this.#blob();
      case thriftType.list:
        return this.#list();
      case thriftType.struct:
        return this.struct();
      default:
        throw new Error(`type ${type} of Thrift is not known here`);
    }
  }

  #list(): ThriftList {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    const of = head & 15;
    return { of, items: Array.from({ length: count }, () => this.#value(of)) };
  }

  #blob(): Buffer {
    const length = this.#varint();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('a structure of Thrift is cut off');
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('a structure of Thrift is cut off');
    return byte;
  }
}

function putVarint(out: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
}

function putValue(out: number[], type: number, value: ThriftValue): void {
  if (typeof value === 'number') {
    if (type !== thriftType.true && type !== thriftType.false)
      putVarint(out, value >= 0 ? value * 2 : -value * 2 - 1);
  } else if (Buffer.isBuffer(value)) {
    putVarint(out, value.length);
    for (const byte of value) out.push(byte);
  } else if (value instanceof Map) putStruct(out, value);
  else {
    if (value.items.length < 15) out.push((value.items.length << 4) | value.of);
    else {
      out.push(0xf0 | value.of);
      putVarint(out, value.items.length);
    }
    for (const item of value.items) putValue(out, value.of, item);
  }
}

function putStruct(out: number[], fields: ThriftStruct): void {
  let last = 0;
  for (const [id, { type, value }] of fields) {
    const step = id - last;
    if (step > 0 && step < 16) out.push((step << 4) | type);
    else {
      out.push(type);
      putVarint(out, id * 2);
    }
    last = id;
    putValue(out, type, value);
  }
  out.push(0);
}

/** Reads the structure that begins at `at`. Throws when it is cut off. */
export function readStruct(bytes: Buffer, at = 0): ThriftStruct {
  return new Reader(bytes, at).struct();
}

/** The same, and where it ends. */
export function readStructUntil(
  bytes: Buffer,
  at: number,
): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new Reader(bytes, at);
  return { struct: reader.struct(), end: reader.at };
}

export function writeStruct(fields: ThriftStruct): Buffer {
  const out: number[] = [];
  putStruct(out, fields);
  return Buffer.from(out);
}
