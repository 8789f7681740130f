/** The footers of Parquet files, as trees whose parts can be changed and written again. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Key } from '../../../encryption/key-ring.ts';
import { openFooter, sealedMagic } from './crypto.ts';
import {
  readStruct,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
  writeStruct,
} from './thrift-tree.ts';

export const magic = Buffer.from('PAR1');

/** Numbers of fields (https://github.com/apache/parquet-format, parquet.thrift). */
export const fileFields = { schema: 2, rows: 3, groups: 4 } as const;
const element = { name: 4, children: 5 } as const;

export interface Footer {
  readonly path: string;
  readonly rows: number;
  readonly groups: readonly ThriftStruct[];
  /** As bytes, to be compared. */
  readonly schema: Buffer;
  readonly tree: ThriftStruct;
  /** Where the row groups end. */
  readonly end: number;
  /** What the file is encrypted under. */
  readonly key: Key | undefined;
}

/** Gives the key of that id; of a file that does not name its key, the one it was written with. Throws `encryption.key_missing`. */
export type KeyFor = (id: string | undefined) => Key;

/** The value of a field that must be there. */
export function need<T extends ThriftValue>(struct: ThriftStruct, id: number): T {
  const field = struct.get(id);
  if (field === undefined) throw new Error(`the footer has no field ${id}`);
  return field.value as T;
}

/** Throws when it is not a Parquet file that is whole, and `encryption.*` or `data.corrupt` when it cannot be decrypted. */
export function readFooter(path: string, keyFor: KeyFor): Footer {
  const fd = openSync(path, 'r');
  try {
    return readFooterOf(fd, path, keyFor);
  } finally {
    closeSync(fd);
  }
}

/** The same of an open file, which may have lost its name by now. */
export function readFooterOf(fd: number, path: string, keyFor: KeyFor): Footer {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(8);
  readSync(fd, tail, 0, 8, size - 8);
  const length = tail.readUInt32LE(0);
  const isSealed = tail.subarray(4).equals(sealedMagic);
  if (!(isSealed || tail.subarray(4).equals(magic)) || length > size - 12)
    throw new Error(`${path} is not a Parquet file`);
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, size - 8 - length);
  const { footer, key } = isSealed ? openFooter(bytes, keyFor) : { footer: bytes, key: undefined };
  const tree = readStruct(footer);
  const schema = writeStruct(new Map([[1, { type: 9, value: need<ThriftList>(tree, fileFields.schema) }]]));
  const groups = need<ThriftList>(tree, fileFields.groups).items as ThriftStruct[];
  const end = size - 8 - length;
  return { path, rows: need<number>(tree, fileFields.rows), groups, schema, tree, end, key };
}

/** Elements of the schema that columns begin with, in their order, by the name of the column. */
export function columnElements({ tree }: Footer): ReadonlyMap<string, ThriftStruct> {
  const [root, ...elements] = need<ThriftList>(tree, fileFields.schema).items as [
    ThriftStruct,
    ...ThriftStruct[],
  ];
  const columns = new Map<string, ThriftStruct>();
  let at = 0;
  const skip = (): void => {
    const children = (elements[at++]?.get(element.children)?.value as number | undefined) ?? 0;
    for (let i = 0; i < children; i++) skip();
  };
  for (let i = 0; i < need<number>(root, element.children); i++) {
    const first = elements[at] as ThriftStruct;
    columns.set(need<Buffer>(first, element.name).toString(), first);
    skip();
  }
  return columns;
}

/** Names of the columns, in their order. */
export function columnsOfFooter(footer: Footer): readonly string[] {
  return [...columnElements(footer).keys()];
}
