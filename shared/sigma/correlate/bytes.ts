/** Reading beyond the end, or what no writer writes. Caught where a snapshot is taken up. */
export class SnapshotDamage extends Error {}

/** Bytes written one after another. Beyond the bound nothing more is taken. */
export class ByteWriter {
  readonly #bound: number;
  #bytes = new Uint8Array(4_096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** Whether more was to be written than the bound allows; then what there is is not whole. */
  get isOver(): boolean {
    return this.#length > this.#bound;
  }

  /** Begins a part whose length is told before it; `endPart` takes what this gives. */
  beginPart(): number {
    this.double(0);
    return this.#length;
  }

  endPart(begin: number): void {
    if (!this.isOver) this.#view.setFloat64(begin - 8, this.#length - begin, true);
  }

  byte(value: number): void {
    if (this.#reserve(1)) this.#bytes[this.#length++] = value;
  }

  uint32(value: number): void {
    if (!this.#reserve(4)) return;
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** A whole number from 0 to 2^53, small ones short. */
  count(value: number): void {
    if (!this.#reserve(8)) return;
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  double(value: number): void {
    if (!this.#reserve(8)) return;
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.count(bytes.length);
    if (!this.#reserve(bytes.length)) return;
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    this.bytes(Buffer.from(text));
  }

  /** What was written so far; valid until more is. */
  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): boolean {
    if (this.isOver) return false;
    if (this.#length + more <= this.#bytes.length) return true;
    const bytes = new Uint8Array(
      Math.max(Math.min(this.#bytes.length * 2, this.#bound), this.#length + more),
    );
    bytes.set(this.taken());
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    return true;
  }
}

/** Reads what `ByteWriter` wrote. Throws SnapshotDamage beyond the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) throw new SnapshotDamage('a number is too large');
      if (byte < 0x80) return value;
    }
  }

  double(): number {
    this.#need(8);
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  bytes(): Uint8Array {
    return this.#take(this.count());
  }

  text(): string {
    return Buffer.from(this.bytes()).toString();
  }

  /** A part as `beginPart` and `endPart` wrote it. */
  part(): Uint8Array {
    const length = this.double();
    if (!Number.isSafeInteger(length) || length < 0) throw new SnapshotDamage('a length is none');
    return this.#take(length);
  }

  #take(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #need(length: number): void {
    if (length > this.left) throw new SnapshotDamage('it ends too early');
  }
}
