/** Puts the row groups of several files into one, byte for byte where they are under the same key: nothing is decoded. */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { Key } from '../../../encryption/key-ring.ts';
import { sealedMagic, sealFooter } from './crypto.ts';
import { type Footer, fileFields as file, magic, need } from './footer.ts';
import { resealGroup } from './reseal.ts';
import { type ThriftList, type ThriftStruct, type ThriftValue, writeStruct } from './thrift-tree.ts';

const copyBytes = 1024 * 1024;

/** Numbers of fields (https://github.com/apache/parquet-format, parquet.thrift). */
/** `ordinal`: the number of the group in its file, which need not be said. */
const group = { columns: 1, offset: 5, ordinal: 7 } as const;
const column = { offset: 2, meta: 3, indexes: [4, 6] } as const;
/** Of a column's metadata: pages of data, of an index, of the dictionary, and the bloom filter. */
const metaOffsets = [9, 10, 11, 14] as const;

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

/** Writes and syncs `to`, under `key` or in the clear. The footers must be alike, and are used up. */
export function concatenate(footers: readonly Footer[], to: string, key?: Key): void {
  const ownMagic = key === undefined ? magic : sealedMagic;
  const out = openSync(to, 'w', 0o600);
  try {
    let at = writeSync(out, ownMagic);
    const groups: ThriftStruct[] = [];
    for (const footer of footers) {
      for (const struct of footer.groups) struct.delete(group.ordinal);
      groups.push(...footer.groups);
      at = footer.key?.id === key?.id ? copyGroups(footer, out, at) : resealGroups(footer, out, at, key);
    }
    const { tree } = footers[0] as Footer;
    set(
      tree,
      file.rows,
      footers.reduce((sum, { rows }) => sum + rows, 0),
    );
    set(tree, file.groups, { of: 12, items: groups });
    const plain = writeStruct(tree);
    const bytes = key === undefined ? plain : sealFooter(plain, key);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    for (const part of [bytes, length, ownMagic]) writeAll(out, part);
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
}

/** Both give where the file ends then. */
function copyGroups(footer: Footer, out: number, at: number): number {
  for (const struct of footer.groups) moveGroup(struct, at - magic.length);
  return at + copyBody(footer, out);
}

function resealGroups(footer: Footer, out: number, at: number, to: Key | undefined): number {
  const fd = openSync(footer.path, 'r');
  try {
    const resealing = { fd, from: footer.key, to, write: (bytes: Buffer) => writeAll(out, bytes) };
    return footer.groups.reduce((end, struct) => resealGroup(struct, end, resealing), at);
  } finally {
    closeSync(fd);
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
