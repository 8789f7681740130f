/** Where the columns of a Parquet file lie, and what its footer says of them. */
import type { Key } from '../../../../encryption/key-ring.ts';
import { foldedMark } from '../file.ts';
import { type Footer, type KeyFor, readFooterOf } from '../footer.ts';
import type { ThriftList, ThriftStruct, ThriftValue } from '../thrift-tree.ts';

/** Physical types of the format (https://github.com/apache/parquet-format, parquet.thrift). */
export const physicalType = { bool: 0, int32: 1, int64: 2, double: 5, bytes: 6 } as const;

/** One column of one row group. Offsets in bytes from the beginning of the file. */
export interface ChunkPlace {
  readonly type: number;
  readonly codec: number;
  readonly encodings: readonly number[];
  /** Greatest level of definition and of repetition. */
  readonly definition: number;
  readonly repetition: number;
  /** Values, absent ones among them; of lists, entries and empty lists. */
  readonly values: number;
  /** Undefined where the footer does not say. */
  readonly nulls: number | undefined;
  readonly dictionaryAt: number | undefined;
  readonly dataAt: number;
  readonly end: number;
  /** Offset of a bloom filter over the values, as they are and folded. */
  readonly foldedBloomAt: number | undefined;
  readonly least: Buffer | undefined;
  readonly greatest: Buffer | undefined;
}

export interface RowGroupPlace {
  readonly rows: number;
  /** By the name of the column. */
  readonly chunks: ReadonlyMap<string, ChunkPlace>;
  /** What the file is encrypted under. */
  readonly key: Key | undefined;
}

interface Levels {
  readonly definition: number;
  readonly repetition: number;
}

const repetitions = { required: 0, optional: 1, repeated: 2 } as const;

/**
 * The row groups of an open file. Throws when it is not a Parquet file that is whole, and `encryption.*` or
 * `data.corrupt` when it cannot be decrypted.
 */
export function readRowGroups(fd: number, path: string, keyFor: KeyFor): readonly RowGroupPlace[] {
  const footer = readFooterOf(fd, path, keyFor);
  const levels = levelsOf(footer);
  return footer.groups.map((group) => {
    const chunks = new Map<string, ChunkPlace>();
    for (const [i, chunk] of listOf(group, 1).entries()) {
      const meta = structOf(chunk as ThriftStruct, 3);
      const name = (listOf(meta, 3)[0] as Buffer).toString();
      chunks.set(name, placeOf(meta, levels[i] as Levels, footer.end));
    }
    return { rows: numberOf(group, 3) as number, chunks, key: footer.key };
  });
}

function placeOf(meta: ThriftStruct, levels: Levels, fileEnd: number): ChunkPlace {
  const statistics = meta.get(12)?.value as ThriftStruct | undefined;
  const dataAt = numberOf(meta, 9) as number;
  const dictionaryAt = numberOf(meta, 11) || undefined;
  const begin = dictionaryAt === undefined ? dataAt : Math.min(dictionaryAt, dataAt);
  const end = begin + (numberOf(meta, 7) as number);
  if (end > fileEnd || begin < 0) throw new Error('a column lies outside of the file');
  return {
    ...levels,
    type: numberOf(meta, 1) as number,
    codec: numberOf(meta, 4) as number,
    encodings: listOf(meta, 2) as readonly number[],
    values: numberOf(meta, 5) as number,
    nulls: statistics && numberOf(statistics, 3),
    ...{ dictionaryAt, dataAt, end },
    foldedBloomAt: isFolded(meta) ? numberOf(meta, 14) : undefined,
    greatest: statistics?.get(5)?.value as Buffer | undefined,
    least: statistics?.get(6)?.value as Buffer | undefined,
  };
}

function isFolded(meta: ThriftStruct): boolean {
  const marks = (meta.get(8)?.value as ThriftList | undefined)?.items ?? [];
  return marks.some((mark) => {
    const [key, value] = [1, 2].map((id) => String((mark as ThriftStruct).get(id)?.value));
    return key === foldedMark.key && value === foldedMark.value;
  });
}

/** Of each leaf of the schema, in the order of the columns of a row group. */
function levelsOf({ tree }: Footer): readonly Levels[] {
  const elements = listOf(tree, 2) as ThriftStruct[];
  const leaves: Levels[] = [];
  let at = 1;
  const visit = (above: Levels): void => {
    const element = elements[at++];
    if (element === undefined) throw new Error('the schema is cut off');
    const kind = numberOf(element, 3) ?? repetitions.required;
    const levels = {
      definition: above.definition + (kind === repetitions.required ? 0 : 1),
      repetition: above.repetition + (kind === repetitions.repeated ? 1 : 0),
    };
    const children = numberOf(element, 5) ?? 0;
    if (children === 0) leaves.push(levels);
    for (let i = 0; i < children; i++) visit(levels);
  };
  while (at < elements.length) visit({ definition: 0, repetition: 0 });
  return leaves;
}

function listOf(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const field = struct.get(id);
  if (field === undefined) throw new Error(`the footer has no field ${id}`);
  return (field.value as ThriftList).items;
}

function structOf(struct: ThriftStruct, id: number): ThriftStruct {
  const field = struct.get(id);
  if (!(field?.value instanceof Map)) throw new Error(`the footer has no field ${id}`);
  return field.value;
}

function numberOf(struct: ThriftStruct, id: number): number | undefined {
  return struct.get(id)?.value as number | undefined;
}

/** A bound of integers as a number. */
export function integerBound(bytes: Buffer | undefined): number | undefined {
  if (bytes?.length !== 8) return undefined;
  return bytes.readInt32LE(4) * 2 ** 32 + bytes.readUInt32LE(0);
}
