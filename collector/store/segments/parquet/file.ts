import { foldText } from '#shared/filter/fold-text.ts';
import type { Column } from '#shared/schema/columns.ts';
import type { Key } from '../../../encryption/key-ring.ts';
import { bloomFilter } from './bloom.ts';
import { sealedMagic, sealFooter, sealModule } from './crypto.ts';
import { DistinctDictionary, type Gathered, gatheredFor, JoinedDictionary } from './gathered.ts';
import { type Chunk, encodeChunk, type Page, type Purpose } from './pages.ts';
import { ThriftWriter } from './thrift.ts';

/** What a column holds, and how readers are to take it. */
export type ColumnForm = 'string' | 'int' | 'time' | 'float' | 'bool' | 'strings';

export interface ColumnSpec {
  readonly name: string;
  readonly form: ColumnForm;
  /** Looked up by exact value often enough for a bloom filter; of columns of strings. */
  readonly isLookedUp?: boolean;
}

const magic = Buffer.from('PAR1');
const physical = { bool: 0, int64: 2, double: 5, bytes: 6 } as const;
const repetition = { required: 0, optional: 1, repeated: 2 } as const;
const converted = { utf8: 0, list: 3, timestampMicros: 10 } as const;
const codecs: Readonly<Record<Purpose, number>> = { read: 0, kept: 6 };
const createdBy = 'vedette';

const kinds: Readonly<Record<ColumnForm, Column['kind']>> = {
  string: 'string',
  int: 'number',
  time: 'number',
  float: 'number',
  bool: 'bool',
  strings: 'list',
};
const types: Readonly<Record<ColumnForm, number>> = {
  string: physical.bytes,
  int: physical.int64,
  time: physical.int64,
  float: physical.double,
  bool: physical.bool,
  strings: physical.bytes,
};

/** What gathers the rows of one row group for this column. */
export function gather(form: ColumnForm, capacity: number, purpose: Purpose = 'kept'): Gathered {
  const dictionary = purpose === 'kept' ? new DistinctDictionary() : new JoinedDictionary();
  return gatheredFor(kinds[form], capacity, dictionary);
}

/** Says of a bloom filter that it holds values as they are and folded. Goes with its row group into merged files. */
export const foldedMark = { key: 'vedette.bloom', value: 'folded' } as const;

/** Of all values of a column of strings, also folded (fold-text.ts); none where it has none. */
function filterOf(column: Gathered): Buffer | undefined {
  if (column.kind !== 'string' || column.dictionary.entries.length === 0) return undefined;
  const { entries } = column.dictionary;
  const folded = entries.map(foldText).filter((text, i) => text !== entries[i]);
  return bloomFilter([...entries, ...folded].map((value) => Buffer.from(value)));
}

interface PlacedChunk {
  readonly spec: ColumnSpec;
  readonly chunk: Chunk;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Of the dictionary, 0 when there is none. */
  readonly dictionaryBytes: number;
  readonly bloom?: { readonly offset: number; readonly bytes: number };
}

interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly PlacedChunk[];
}

function bytesOf({ head, body }: Page, key: Key | undefined): Buffer {
  return Buffer.concat(key === undefined ? [head, body] : [sealModule(head, key), sealModule(body, key)]);
}

/**
 * A Parquet file (https://github.com/apache/parquet-format) of columns that are dictionaries already: version 1 pages,
 * one of data for each column and row group; encrypted where there is a key. Gives the bytes to be written as they
 * come about.
 */
export class ParquetFile {
  readonly #specs: readonly ColumnSpec[];
  readonly #groups: RowGroup[] = [];
  readonly #key: Key | undefined;
  readonly #magic: Buffer;
  readonly #purpose: Purpose;
  #offset = 0;

  constructor(specs: readonly ColumnSpec[], key?: Key, purpose: Purpose = 'kept') {
    this.#purpose = purpose;
    this.#specs = specs;
    this.#key = key;
    this.#magic = key === undefined ? magic : sealedMagic;
  }

  get sizeBytes(): number {
    return this.#offset;
  }

  /** A row group of these columns, one for each spec, its rows in `order`. Gives its bytes. */
  rowGroup(columns: readonly Gathered[], order: Uint32Array): Buffer[] {
    const out: Buffer[] = [];
    const put = (bytes: Buffer) => {
      out.push(bytes);
      this.#offset += bytes.length;
    };
    if (this.#offset === 0) put(this.#magic);
    const chunks = this.#specs.map((spec, i) => {
      const form = spec.form === 'float' ? 'float' : 'int';
      const chunk = encodeChunk(columns[i] as Gathered, order, form, this.#purpose);
      const offset = this.#offset;
      const pages = chunk.pages.map((page) => bytesOf(page, this.#key));
      for (const page of pages) put(page);
      const dictionaryBytes = chunk.hasDictionary ? (pages[0] as Buffer).length : 0;
      return { spec, chunk, offset, dictionaryBytes, sizeBytes: this.#offset - offset };
    });
    const placed = chunks.map((chunk, i) => {
      const isFiltered =
        this.#specs[i]?.isLookedUp === true && this.#purpose === 'kept' && this.#key === undefined;
      const filter = isFiltered ? filterOf(columns[i] as Gathered) : undefined;
      if (filter === undefined) return chunk;
      const bloom = { offset: this.#offset, bytes: filter.length };
      put(filter);
      return { ...chunk, bloom };
    });
    this.#groups.push({ rows: order.length, chunks: placed });
    return out;
  }

  /** The footer, with notes of ours on the file. */
  finish(notes: Readonly<Record<string, string>>): Buffer[] {
    const plain = this.#footer(notes);
    const footer = this.#key === undefined ? plain : sealFooter(plain, this.#key);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    const out = [...(this.#offset === 0 ? [this.#magic] : []), footer, length, this.#magic];
    this.#offset += out.reduce((sum, bytes) => sum + bytes.length, 0);
    return out;
  }

  #footer(notes: Readonly<Record<string, string>>): Buffer {
    const w = new ThriftWriter();
    w.i32(1, 1);
    const elements = [rootElement(this.#specs.length), ...this.#specs.flatMap(elementsOf)];
    w.structs(2, elements, (element) => writeElement(w, element));
    w.i64(
      3,
      this.#groups.reduce((sum, { rows }) => sum + rows, 0),
    );
    w.structs(4, this.#groups, ({ rows, chunks }) => {
      w.structs(1, chunks, (placed) => writeChunk(w, placed, codecs[this.#purpose]));
      w.i64(
        2,
        chunks.reduce((sum, { chunk }) => sum + chunk.plainBytes, 0),
      );
      w.i64(3, rows);
    });
    w.structs(5, Object.entries(notes), ([key, value]) => {
      w.binary(1, key);
      w.binary(2, value);
    });
    w.binary(6, createdBy);
    return w.finish();
  }
}

interface Element {
  readonly name: string;
  readonly type?: number;
  readonly repetition?: number;
  readonly children?: number;
  readonly converted?: number;
}

function rootElement(children: number): Element {
  return { name: 'event', children };
}

function elementsOf({ name, form }: ColumnSpec): Element[] {
  const { optional, repeated, required } = repetition;
  switch (form) {
    case 'strings':
      return [
        { name, repetition: optional, children: 1, converted: converted.list },
        { name: 'list', repetition: repeated, children: 1 },
        { name: 'element', type: types.strings, repetition: required, converted: converted.utf8 },
      ];
    case 'string':
      return [{ name, type: types.string, repetition: optional, converted: converted.utf8 }];
    case 'time':
      return [{ name, type: types.time, repetition: optional, converted: converted.timestampMicros }];
    default:
      return [{ name, type: types[form], repetition: optional }];
  }
}

function writeElement(w: ThriftWriter, element: Element): void {
  if (element.type !== undefined) w.i32(1, element.type);
  if (element.repetition !== undefined) w.i32(3, element.repetition);
  w.binary(4, element.name);
  if (element.children !== undefined) w.i32(5, element.children);
  if (element.converted !== undefined) w.i32(6, element.converted);
}

function writeChunk(w: ThriftWriter, placed: PlacedChunk, codec: number): void {
  const { spec, chunk, offset, sizeBytes, dictionaryBytes, bloom } = placed;
  const { least, greatest } = chunk;
  w.i64(2, offset);
  w.struct(3, () => {
    w.i32(1, types[spec.form]);
    w.i32s(2, chunk.encodings);
    w.texts(3, spec.form === 'strings' ? [spec.name, 'list', 'element'] : [spec.name]);
    w.i32(4, codec);
    w.i64(5, chunk.values);
    w.i64(6, chunk.plainBytes);
    w.i64(7, sizeBytes);
    if (bloom !== undefined)
      w.structs(8, [foldedMark], ({ key, value }) => {
        w.binary(1, key);
        w.binary(2, value);
      });
    w.i64(9, offset + dictionaryBytes);
    if (dictionaryBytes > 0) w.i64(11, offset);
    w.struct(12, () => {
      w.i64(3, chunk.nulls);
      if (greatest !== undefined) w.binary(5, greatest);
      if (least !== undefined) w.binary(6, least);
    });
    if (bloom !== undefined) {
      w.i64(14, bloom.offset);
      w.i32(15, bloom.bytes);
    }
  });
}
