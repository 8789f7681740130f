/** One field of a trace event, from its `format` file (Documentation/trace/events.rst). */
export interface TraceField {
  readonly offset: number;
  /** Bytes; of the reference where the field is dynamic. */
  readonly size: number;
  readonly signed: boolean;
  /** The field holds where its text lies in the record: the offset in its lower, the length in its upper half. */
  readonly dynamic: boolean;
}

export interface TraceFormat {
  /** What `common_type` of its records says. Differs from boot to boot. */
  readonly id: number;
  readonly fields: ReadonlyMap<string, TraceField>;
}

const fieldLine = /^\tfield:([^;]{1,256});\toffset:(\d{1,5});\tsize:(\d{1,5});\tsigned:([01]);$/;

/** Parses the text of a `format` file; undefined when it is not one. Lines that are not understood are passed over. */
export function parseTraceFormat(text: string): TraceFormat | undefined {
  const id = /^ID: (\d{1,5})$/m.exec(text)?.[1];
  if (id === undefined) return undefined;
  const fields = new Map<string, TraceField>();
  for (const line of text.split('\n')) {
    const [, declaration, offset, size, signed] = fieldLine.exec(line) ?? [];
    const name = declaration === undefined ? undefined : /(\w+)(?:\[\w*\])*$/.exec(declaration)?.[1];
    if (declaration === undefined || name === undefined) continue;
    fields.set(name, {
      offset: Number(offset),
      size: Number(size),
      signed: signed === '1',
      dynamic: declaration.startsWith('__data_loc'),
    });
  }
  return fields.size === 0 ? undefined : { id: Number(id), fields };
}

/** The fields of these names. Throws when the event lacks one: it is not the event it was taken for. */
export function fieldsOf<const N extends readonly string[]>(
  format: TraceFormat,
  ...names: N
): { [K in keyof N]: TraceField } {
  return names.map((name) => {
    const field = format.fields.get(name);
    if (field === undefined) throw new Error(`the kernel's event has no field ${name}`);
    return field;
  }) as { [K in keyof N]: TraceField };
}

/**
 * Reads fields of one record in a buffer; one object serves all records, moved from one to the next. Little-endian
 * only, as is every architecture Node's own builds run on but s390x.
 */
export class TraceRecord {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #length = 0;

  move(buffer: Buffer, start: number, length: number): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#length = length;
  }

  /** Number of the field; 0 when the record does not reach so far. 64-bit values beyond 2^53 lose their last digits. */
  number(field: TraceField): number {
    const { offset, size, signed } = field;
    if (offset + size > this.#length) return 0;
    const at = this.#start + offset;
    if (size === 8) {
      return Number(signed ? this.#buffer.readBigInt64LE(at) : this.#buffer.readBigUInt64LE(at));
    }
    if (size === 4) return signed ? this.#buffer.readInt32LE(at) : this.#buffer.readUInt32LE(at);
    if (size !== 1 && size !== 2) return 0;
    return signed ? this.#buffer.readIntLE(at, size) : this.#buffer.readUIntLE(at, size);
  }

  /** The low 48 bits of an address: all that differs between those of a 64-bit kernel. 0 as with `number`. */
  low48({ offset, size }: TraceField): number {
    if (offset + size > this.#length) return 0;
    const at = this.#start + offset;
    if (size === 8) return this.#buffer.readUInt32LE(at) + this.#buffer.readUInt16LE(at + 4) * 2 ** 32;
    return size === 0 ? 0 : this.#buffer.readUIntLE(at, Math.min(size, 6));
  }

  /** The field's bits as they are, for pointers and masks of 64 bits. */
  bits(field: TraceField): bigint {
    if (field.size !== 8) return BigInt(this.number(field));
    const { offset, size } = field;
    return offset + size > this.#length ? 0n : this.#buffer.readBigUInt64LE(this.#start + offset);
  }

  /** Text up to the first NUL, of a fixed or a dynamic field; bytes that are not UTF-8 as U+FFFD. */
  text(field: TraceField): string {
    const [start, end] = this.#place(field);
    const text = this.#buffer.toString('utf8', start, end);
    const length = text.indexOf('\0');
    return length < 0 ? text : text.slice(0, length);
  }

  /** The field's bytes, which hold until the buffer is written again. */
  bytes(field: TraceField): Buffer {
    return this.#buffer.subarray(...this.#place(field));
  }

  /** Where in the buffer the field's bytes begin and end. */
  #place(field: TraceField): [start: number, end: number] {
    let { offset, size } = field;
    if (field.dynamic) {
      const place = this.number({ offset, size: 4, signed: false, dynamic: false });
      offset = place & 0xffff;
      size = place >>> 16;
    }
    const end = Math.min(offset + size, this.#length);
    return [this.#start + Math.min(offset, end), this.#start + end];
  }
}
