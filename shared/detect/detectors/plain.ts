import { type ByteReader, type ByteWriter, SnapshotDamage } from '../../sigma/correlate/bytes.ts';

/** Plain data: what the state of detectors is made of. Members of an object are written in their order. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | ReadonlyMap<string, Plain>
  | { readonly [name: string]: Plain };

const kinds = {
  nil: 0,
  no: 1,
  yes: 2,
  whole: 3,
  minus: 4,
  double: 5,
  text: 6,
  again: 7,
  bytes: 8,
  list: 9,
  map: 10,
  object: 11,
} as const;

/** Nesting of plain data. */
const mostDepth = 32;

/** Writes plain data: texts that come again, and names of the members of objects of one shape, only once. */
export class PlainWriter {
  readonly #out: ByteWriter;
  readonly #texts = new Map<string, number>();
  readonly #shapes = new Map<string, number>();

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  write(value: Plain): void {
    const out = this.#out;
    if (out.isOver) return;
    if (value === null) out.byte(kinds.nil);
    else if (typeof value === 'boolean') out.byte(value ? kinds.yes : kinds.no);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) {
      out.byte(kinds.bytes);
      out.bytes(value);
    } else if (isList(value)) {
      out.byte(kinds.list);
      out.count(value.length);
      for (const one of value) this.write(one);
    } else if (value instanceof Map) {
      out.byte(kinds.map);
      out.count(value.size);
      for (const [key, one] of value) {
        this.#text(key as string);
        this.write(one as Plain);
      }
    } else this.#object(value as { readonly [name: string]: Plain });
  }

  #number(value: number): void {
    const out = this.#out;
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      out.byte(value < 0 ? kinds.minus : kinds.whole);
      out.count(Math.abs(value));
    } else {
      out.byte(kinds.double);
      out.double(value);
    }
  }

  #text(text: string): void {
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#out.byte(kinds.again);
      this.#out.count(known);
      return;
    }
    this.#texts.set(text, this.#texts.size);
    this.#out.byte(kinds.text);
    this.#out.text(text);
  }

  #object(value: { readonly [name: string]: Plain }): void {
    const names = Object.keys(value);
    const shape = `${names.length}\0${names.join('\0')}`;
    const known = this.#shapes.get(shape);
    this.#out.byte(kinds.object);
    this.#out.count(known ?? this.#shapes.size);
    if (known === undefined) {
      this.#shapes.set(shape, this.#shapes.size);
      this.#out.count(names.length);
      for (const name of names) this.#out.text(name);
    }
    for (const name of names) this.write(value[name] as Plain);
  }
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

/** Reads what PlainWriter wrote. Throws SnapshotDamage. */
export class PlainReader {
  readonly #from: ByteReader;
  readonly #texts: string[] = [];
  readonly #shapes: (readonly string[])[] = [];

  constructor(from: ByteReader) {
    this.#from = from;
  }

  read(depth = 0): Plain {
    if (depth > mostDepth) throw new SnapshotDamage('it nests too deep');
    const kind = this.#from.count();
    switch (kind) {
      case kinds.nil:
        return null;
      case kinds.no:
        return false;
      case kinds.yes:
        return true;
      case kinds.whole:
        return this.#from.count();
      case kinds.minus:
        return -this.#from.count();
      case kinds.double:
        return this.#from.double();
      case kinds.text:
      case kinds.again:
        return this.#text(kind);
      case kinds.bytes:
        return Uint8Array.from(this.#from.bytes());
      case kinds.list:
        return Array.from({ length: this.#size() }, () => this.read(depth + 1));
      case kinds.map: {
        const map = new Map<string, Plain>();
        for (let left = this.#size(); left > 0; left--)
          map.set(this.#text(this.#from.count()), this.read(depth + 1));
        return map;
      }
      case kinds.object:
        return this.#object(depth);
      default:
        throw new SnapshotDamage('a kind of data is not known');
    }
  }

  /** No more entries than bytes that are left. */
  #size(): number {
    const size = this.#from.count();
    if (size > this.#from.left) throw new SnapshotDamage('it ends too early');
    return size;
  }

  #text(kind: number): string {
    if (kind === kinds.text) {
      const text = this.#from.text();
      this.#texts.push(text);
      return text;
    }
    const known = kind === kinds.again ? this.#texts[this.#from.count()] : undefined;
    if (known === undefined) throw new SnapshotDamage('a text is missing');
    return known;
  }

  #object(depth: number): Plain {
    const number = this.#from.count();
    if (number === this.#shapes.length)
      this.#shapes.push(Array.from({ length: this.#size() }, () => this.#from.text()));
    const names = this.#shapes[number];
    if (names === undefined) throw new SnapshotDamage('a shape is missing');
    const read: Record<string, Plain> = {};
    for (const name of names) read[name] = this.read(depth + 1);
    return read;
  }
}

/** Bytes that plain data takes in memory, roughly: as V8 lays out objects, doubles and texts of one byte a character. */
export function bytesOf(value: Plain | undefined): number {
  if (value === null || value === undefined || typeof value === 'boolean') return 8;
  if (typeof value === 'number') return 16;
  if (typeof value === 'string') return 24 + value.length;
  if (value instanceof Uint8Array) return 96 + value.length;
  let sum = 32;
  if (isList(value)) for (let i = 0; i < value.length; i++) sum += bytesOf(value[i]);
  else if (value instanceof Map) {
    sum = 96;
    for (const [key, one] of value) sum += 40 + bytesOf(key as string) + bytesOf(one as Plain);
  } else
    for (const name in value as { readonly [name: string]: Plain })
      sum += 8 + bytesOf((value as { readonly [name: string]: Plain })[name]);
  return sum;
}
