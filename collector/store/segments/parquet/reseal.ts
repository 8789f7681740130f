/** Writes a row group again, page by page, under another key or none. What the pages hold is not decoded. */
import { readSync } from 'node:fs';
import type { Key } from '../../../encryption/key-ring.ts';
import { openModule, sealModule } from './crypto.ts';
import { need } from './footer.ts';
import { thriftType } from './thrift.ts';
import { readStructUntil, type ThriftList, type ThriftStruct, writeStruct } from './thrift-tree.ts';

/** Numbers of fields (https://github.com/apache/parquet-format, parquet.thrift). */
const group = { columns: 1, offset: 5, size: 6 } as const;
/** `indexes`: where column and offset indexes are; they are not carried over. */
const column = { offset: 2, meta: 3, indexes: [4, 5, 6, 7] } as const;
const meta = { size: 7, data: 9, dictionary: 11, bloom: [14, 15] } as const;
const pageHeader = { type: 1, size: 3 } as const;
const dictionaryPage = 2;

interface Page {
  readonly head: Buffer;
  readonly body: Buffer;
  readonly isDictionary: boolean;
}

function* pagesOf(bytes: Buffer, key: Key | undefined): Generator<Page> {
  for (let at = 0; at < bytes.length; ) {
    if (key === undefined) {
      const { struct, end } = readStructUntil(bytes, at);
      const next = end + need<number>(struct, pageHeader.size);
      const isDictionary = need<number>(struct, pageHeader.type) === dictionaryPage;
      yield { head: writeStruct(struct), body: bytes.subarray(end, next), isDictionary };
      at = next;
    } else {
      const head = openModule(bytes, at, key);
      const body = openModule(bytes, head.end, key);
      const { struct } = readStructUntil(head.body, 0);
      const isDictionary = need<number>(struct, pageHeader.type) === dictionaryPage;
      yield { head: head.body, body: body.body, isDictionary };
      at = body.end;
    }
  }
}

function set(struct: ThriftStruct, id: number, value: number): void {
  const field = struct.get(id);
  if (field === undefined) struct.set(id, { type: thriftType.i64, value });
  else field.value = value;
}

function chunkBytes(fd: number, chunk: ThriftStruct): Buffer {
  const { value: dictionary } = chunk.get(meta.dictionary) ?? { value: 0 };
  const data = need<number>(chunk, meta.data);
  const from = typeof dictionary === 'number' && dictionary > 0 ? Math.min(dictionary, data) : data;
  const bytes = Buffer.allocUnsafe(need<number>(chunk, meta.size));
  if (readSync(fd, bytes, 0, bytes.length, from) !== bytes.length) throw new Error('a row group is cut off');
  return bytes;
}

export interface Resealing {
  /** The file the row group is in. */
  readonly fd: number;
  readonly from: Key | undefined;
  readonly to: Key | undefined;
  readonly write: (bytes: Buffer) => void;
}

/**
 * Writes the row group, which is to begin at `start` of the new file, and changes what its metadata says of where its
 * parts are. Bloom filters are left out. Gives where it ends.
 */
export function resealGroup(struct: ThriftStruct, start: number, { fd, from, to, write }: Resealing): number {
  let at = start;
  const put = (bytes: Buffer) => {
    write(bytes);
    at += bytes.length;
  };
  for (const chunk of need<ThriftList>(struct, group.columns).items as ThriftStruct[]) {
    const ofColumn = need<ThriftStruct>(chunk, column.meta);
    const begin = at;
    let data: number | undefined;
    for (const { head, body, isDictionary } of pagesOf(chunkBytes(fd, ofColumn), from)) {
      if (!isDictionary) data ??= at;
      put(to === undefined ? head : sealModule(head, to));
      put(to === undefined ? body : sealModule(body, to));
    }
    set(chunk, column.offset, begin);
    for (const id of column.indexes) chunk.delete(id);
    set(ofColumn, meta.data, data ?? begin);
    if (ofColumn.has(meta.dictionary)) set(ofColumn, meta.dictionary, begin);
    set(ofColumn, meta.size, at - begin);
    for (const id of meta.bloom) ofColumn.delete(id);
  }
  if (struct.has(group.offset)) set(struct, group.offset, start);
  if (struct.has(group.size)) set(struct, group.size, at - start);
  return at;
}
