/** Puts the row groups of several files into one, byte for byte: nothing is decoded, filters and statistics stay. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import {
  readStruct,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
  writeStruct,
} from './thrift-tree.ts';

const magic = Buffer.from('PAR1');
const copyBytes = 1024 * 1024;

/** Numbers of fields (https://github.com/apache/parquet-format, parquet.thrift). */
const file = { schema: 2, rows: 3, groups: 4 } as const;
const group = { columns: 1, offset: 5 } as const;
const column = { offset: 2, meta: 3, indexes: [4, 6] } as const;
/** Of a column's metadata: pages of data, of an index, of the dictionary, and the bloom filter. */
const metaOffsets = [9, 10, 11, 14] as const;

export interface Footer {
  readonly path: string;
  readonly rows: number;
  readonly groups: readonly ThriftStruct[];
  /** As bytes, to be compared. */
  readonly schema: Buffer;
  readonly tree: ThriftStruct;
  /** Where the row groups end. */
  readonly end: number;
}

const need = <T extends ThriftValue>(struct: ThriftStruct, id: number): T => {
  const field = struct.get(id);
  if (field === undefined) throw new Error(`the footer has no field ${id}`);
  return field.value as T;
};

/** Throws when it is not a Parquet file that is whole. */
export function readFooter(path: string): Footer {
  const fd = openSync(path, 'r');
  try {
    return readFooterOf(fd, path);
  } finally {
    closeSync(fd);
  }
}

/** The same of an open file, which may have lost its name by now. */
export function readFooterOf(fd: number, path: string): Footer {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(8);
  readSync(fd, tail, 0, 8, size - 8);
  const length = tail.readUInt32LE(0);
  if (!tail.subarray(4).equals(magic) || length > size - 12) throw new Error(`${path} is not a Parquet file`);
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, size - 8 - length);
  const tree = readStruct(bytes);
  const schema = writeStruct(new Map([[1, { type: 9, value: need<ThriftList>(tree, file.schema) }]]));
  const groups = need<ThriftList>(tree, file.groups).items as ThriftStruct[];
  return { path, rows: need<number>(tree, file.rows), groups, schema, tree, end: size - 8 - length };
}

function move(struct: ThriftStruct, id: number, by: number): void {
  const field = struct.get(id);
  // 0 stands for none.
  if (field !== undefined && typeof field.value === 'number' && field.value > 0) field.value += by;
}

function moveGroup(struct: ThriftStruct, by: number): void {
  move(struct, group.offset, by);
  for (const chunk of need<ThriftList>(struct, group.columns).items as ThriftStruct[]) {
    move(chunk, column.offset, by);
    for (const id of column.indexes) move(chunk, id, by);
    for (const id of metaOffsets) move(need<ThriftStruct>(chunk, column.meta), id, by);
  }
}

/** Whether they may be put into one: they have the same columns. */
export function areAlike(footers: readonly Footer[]): boolean {
  return footers.every(({ schema }) => schema.equals((footers[0] as Footer).schema));
}

/** Writes and syncs `to`. The footers must be alike, and are used up. */
export function concatenate(footers: readonly Footer[], to: string): void {
  const out = openSync(to, 'w', 0o600);
  try {
    let at = writeSync(out, magic);
    const groups: ThriftStruct[] = [];
    for (const footer of footers) {
      for (const struct of footer.groups) {
        moveGroup(struct, at - magic.length);
        groups.push(struct);
      }
      at += copyBody(footer, out);
    }
    const { tree } = footers[0] as Footer;
    set(
      tree,
      file.rows,
      footers.reduce((sum, { rows }) => sum + rows, 0),
    );
    set(tree, file.groups, { of: 12, items: groups });
    const bytes = writeStruct(tree);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    for (const part of [bytes, length, magic]) writeAll(out, part);
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
}

function set(struct: ThriftStruct, id: number, value: ThriftValue): void {
  const field = struct.get(id);
  if (field !== undefined) field.value = value;
}

/** What is between the magic and the footer. */
function copyBody({ path, end }: Footer, out: number): number {
  const from = openSync(path, 'r');
  try {
    const part = Buffer.allocUnsafe(copyBytes);
    let at = magic.length;
    while (at < end) {
      const read = readSync(from, part, 0, Math.min(part.length, end - at), at);
      if (read === 0) throw new Error(`${path} is cut off`);
      writeAll(out, part.subarray(0, read));
      at += read;
    }
    return end - magic.length;
  } finally {
    closeSync(from);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
