import { zstdDecompressSync } from 'node:zlib';
import { Unpackr } from 'msgpackr';
import { fail, ok, type Result } from '../../errors.ts';
import type { Column, ColumnarEvents, ListColumn, NumberColumn, StringColumn } from '../../schema/columns.ts';
import { codecVersion } from './encode.ts';
import { decodeInts, decodePlanes, isIntPlanes, isPlanes, type Planes } from './planes.ts';
import { type FieldId, typesById } from './schema-ids.ts';

/** Most events in one batch. */
export const maxBatchEvents = 65_536;
/** Most bytes of a batch body after decompression. */
export const maxBodyBytes = 64 * 1024 * 1024;

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

/** A group of a type this version does not know keeps its place in the numbering of events. */
export interface DecodedGroup {
  /** Number in the batch of its first event. */
  readonly offset: number;
  readonly events: ColumnarEvents;
}

export interface DecodedBatch {
  readonly groups: readonly DecodedGroup[];
  /** All events, of unknown types too. */
  readonly count: number;
  /** What a newer agent sent that this version does not know. */
  readonly unknown: { readonly events: number; readonly columns: number };
}

class Malformed extends Error {}

function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Malformed(what);
}

type Index = Uint8Array | Uint16Array | Uint32Array;

function decodeIndex(planes: Planes, count: number, size: number): Index {
  const out =
    size < 256 ? new Uint8Array(count) : size < 65_536 ? new Uint16Array(count) : new Uint32Array(count);
  const span = planes[1] === 0 ? 1 : 256 ** planes[1];
  need(planes[0] >= 0 && planes[0] + span - 1 < 2 ** 32, 'an index is out of range');
  if (planes[0] + span - 1 <= size) {
    decodePlanes(planes, out);
    return out;
  }
  // The narrow array would wrap an index that is too large, so look before narrowing.
  const wide = new Uint32Array(count);
  decodePlanes(planes, wide);
  for (let i = 0; i < count; i++) {
    const k = wide[i] as number;
    need(k <= size, 'an index points past its dictionary');
    out[i] = k;
  }
  return out;
}

function decodeDictionary(value: unknown, hash: boolean): string[] {
  need(Array.isArray(value) && value.length <= maxBatchEvents * 16, 'a dictionary is not a list');
  return value.map((entry) => {
    if (hash) {
      need(entry instanceof Uint8Array, 'a hash is not bytes');
      return Buffer.from(entry.buffer, entry.byteOffset, entry.length).toString('hex');
    }
    need(typeof entry === 'string', 'a dictionary entry is not a string');
    return entry;
  });
}

function decodeStrings(value: unknown, count: number, hash: boolean): StringColumn {
  need(
    Array.isArray(value) && value.length === 2 && isPlanes(value[1], count),
    'a string column is malformed',
  );
  const dictionary = decodeDictionary(value[0], hash);
  return { kind: 'string', dictionary, index: decodeIndex(value[1], count, dictionary.length) };
}

function decodeLists(value: unknown, count: number): ListColumn {
  need(Array.isArray(value) && value.length === 3 && isPlanes(value[0], count), 'a list column is malformed');
  const lengths = new Float64Array(count);
  decodePlanes(value[0], lengths);
  const offsets = new Uint32Array(count + 1);
  const present = new Uint8Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[i] as number;
    need(length >= 0, 'a list has a negative length');
    present[i] = length === 0 ? 0 : 1;
    total += Math.max(0, length - 1);
    need(total <= maxBatchEvents * 16, 'the lists of a batch are too long');
    offsets[i + 1] = total;
  }
  need(isPlanes(value[2], total), 'a list column is malformed');
  const dictionary = decodeDictionary(value[1], false);
  const index = decodeIndex(value[2], total, dictionary.length);
  need(!index.includes(0), 'a list holds an absent entry');
  return { kind: 'list', dictionary, offsets, index, present };
}

function decodeNumbers(value: unknown, count: number, float: boolean): NumberColumn {
  need(Array.isArray(value) && value.length === 2, 'a number column is malformed');
  const [present, data] = value as [unknown, unknown];
  need(
    present === null || (present instanceof Uint8Array && present.length === count),
    'a number column says wrongly which rows it has',
  );
  if (float) {
    need(data instanceof Uint8Array && data.length === count * 8, 'a float column is malformed');
    const values = new Float64Array(Uint8Array.from(data).buffer);
    need(values.every(Number.isFinite), 'a float is not finite');
    return { kind: 'number', values, present };
  }
  need(isIntPlanes(data, count), 'an integer column is malformed');
  return { kind: 'number', values: decodeInts(data, count), present };
}

function decodeColumn(field: FieldId, value: unknown, count: number): Column {
  switch (field.type) {
    case 'keyword':
    case 'text':
    case 'ip':
      return decodeStrings(value, count, false);
    case 'hash':
      return decodeStrings(value, count, true);
    case 'keywords':
      return decodeLists(value, count);
    case 'int':
    case 'time':
      return decodeNumbers(value, count, false);
    case 'float':
      return decodeNumbers(value, count, true);
    case 'bool': {
      need(isPlanes(value, count), 'a bool column is malformed');
      const values = new Float64Array(count);
      decodePlanes(value, values);
      need(
        values.every((v) => v >= 0 && v <= 2),
        'a bool is neither true nor false',
      );
      return { kind: 'bool', values: Uint8Array.from(values) };
    }
  }
}

function decodeGroup(
  group: readonly unknown[],
  count: number,
  wanted: ReadonlySet<string> | undefined,
  unknown: { events: number; columns: number },
) {
  const ids = typesById.get(group[0] as number);
  if (ids === undefined) {
    unknown.events += count;
    return undefined;
  }
  if (wanted?.has(ids.spec.name) === false) return undefined;
  need(isIntPlanes(group[2], count), 'the times of a group are malformed');
  need(Array.isArray(group[3]), 'the columns of a group are not a list');
  const columns = new Map<string, Column>();
  for (const entry of group[3] as unknown[]) {
    need(Array.isArray(entry) && entry.length === 2, 'a column is not a pair');
    const field = ids.fieldsById.get(entry[0] as number);
    if (field === undefined) unknown.columns++;
    else columns.set(field.name, decodeColumn(field, entry[1], count));
  }
  return { type: ids.spec.name, count, times: decodeInts(group[2], count), columns };
}

function decodeBody(body: unknown, wanted: ReadonlySet<string> | undefined): DecodedBatch {
  need(Array.isArray(body) && body.length === 2, 'the body is not a pair');
  need(body[0] === codecVersion, `the codec version is ${String(body[0])}, not ${codecVersion}`);
  need(Array.isArray(body[1]), 'the groups are not a list');
  const groups: DecodedGroup[] = [];
  const unknown = { events: 0, columns: 0 };
  let offset = 0;
  for (const group of body[1] as unknown[]) {
    need(Array.isArray(group) && group.length === 4 && Number.isInteger(group[0]), 'a group is malformed');
    const count = group[1] as number;
    need(
      Number.isInteger(count) && count > 0 && offset + count <= maxBatchEvents,
      'a group has an impossible count',
    );
    const events = decodeGroup(group, count, wanted, unknown);
    if (events !== undefined) groups.push({ offset, events });
    offset += count;
  }
  return { groups, count: offset, unknown };
}

/**
 * Decodes and checks a batch, or only the groups of the types `wanted`. Whatever is wrong with it is a
 * `wire.batch_malformed`, never an exception.
 */
export function decodeBatch(data: Uint8Array, wanted?: ReadonlySet<string>): Result<DecodedBatch> {
  try {
    const body = unpackr.unpack(zstdDecompressSync(data, { maxOutputLength: maxBodyBytes }));
    return ok(decodeBody(body, wanted));
  } catch (error) {
    // msgpackr and zlib throw on input they cannot read; both are the peer's doing, as is Malformed.
    return fail('wire.batch_malformed', `The batch does not decode: ${(error as Error).message}.`);
  }
}
