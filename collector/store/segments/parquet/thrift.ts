/** Types of Thrift's compact protocol, as far as Parquet's metadata uses them. */
export const thriftType = {
  true: 1,
  false: 2,
  i16: 4,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

/**
 * Writes structures in Thrift's compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Fields of a structure are to be
 * written in the order of their numbers. Integers within ±2^52.
 */
export class ThriftWriter {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;
  #lastField = 0;

  i32(field: number, value: number): void {
    this.#field(field, thriftType.i32);
    this.#zigzag(value);
  }

  i64(field: number, value: number): void {
    this.#field(field, thriftType.i64);
    this.#zigzag(value);
  }

  bool(field: number, value: boolean): void {
    this.#field(field, value ? thriftType.true : thriftType.false);
  }

  binary(field: number, value: Uint8Array | string): void {
    this.#field(field, thriftType.binary);
    this.#blob(value);
  }

  struct(field: number, write: () => void): void {
    this.#field(field, thriftType.struct);
    this.#members(write);
  }

  structs<T>(field: number, items: readonly T[], write: (item: T) => void): void {
    this.#list(field, thriftType.struct, items.length);
    for (const item of items) this.#members(() => write(item));
  }

  i32s(field: number, items: readonly number[]): void {
    this.#list(field, thriftType.i32, items.length);
    for (const item of items) this.#zigzag(item);
  }

  texts(field: number, items: readonly string[]): void {
    this.#list(field, thriftType.binary, items.length);
    for (const item of items) this.#blob(item);
  }

  /** The outermost structure, whole. */
  finish(): Buffer {
    this.#byte(0);
    return this.#bytes.subarray(0, this.#length);
  }

  #members(write: () => void): void {
    const outer = this.#lastField;
    this.#lastField = 0;
    write();
    this.#byte(0);
    this.#lastField = outer;
  }

  #field(id: number, type: number): void {
    const step = id - this.#lastField;
    if (step > 0 && step < 16) this.#byte((step << 4) | type);
    else {
      this.#byte(type);
      this.#zigzag(id);
    }
    this.#lastField = id;
  }

  #list(field: number, type: number, count: number): void {
    this.#field(field, thriftType.list);
    if (count < 15) this.#byte((count << 4) | type);
    else {
      this.#byte(0xf0 | type);
      this.#varint(count);
    }
  }

  #blob(value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
