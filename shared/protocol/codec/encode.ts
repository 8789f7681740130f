import { constants, zstdCompressSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import type { EventRow } from '../../schema/columns.ts';
import type { FieldType } from '../../schema/spec.ts';
import { encodeInts, encodePlanes } from './planes.ts';
import { typesByName } from './schema-ids.ts';

/** Version of the batch body. */
export const codecVersion = 1;

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Distinct values numbered from 1 in order of appearance; 0 is absent. */
function dictionaryOf(values: readonly (string | undefined)[]): {
  dictionary: string[];
  index: Float64Array;
} {
  const numbers = new Map<string, number>();
  const index = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    let k = numbers.get(value);
    if (k === undefined) {
      k = numbers.size + 1;
      numbers.set(value, k);
    }
    index[i] = k;
  }
  return { dictionary: [...numbers.keys()], index };
}

function encodeStrings(values: readonly (string | undefined)[], hash: boolean): unknown {
  const { dictionary, index } = dictionaryOf(values);
  return [hash ? dictionary.map((hex) => Buffer.from(hex, 'hex')) : dictionary, encodePlanes(index)];
}

function encodeLists(values: readonly (readonly string[] | undefined)[]): unknown {
  const flat = values.flatMap((list) => list ?? []);
  const { dictionary, index } = dictionaryOf(flat);
  const lengths = values.map((list) => (list === undefined ? 0 : list.length + 1));
  return [encodePlanes(lengths), dictionary, encodePlanes(index)];
}

/** Absent rows repeat the value before, which costs nothing after zstd. */
function encodeNumbers(values: readonly (number | undefined)[], float: boolean): unknown {
  const filled = new Float64Array(values.length);
  let present: Uint8Array | null = null;
  let last = values.find((v) => v !== undefined) ?? 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) {
      present ??= Uint8Array.from(values, (v) => (v === undefined ? 0 : 1));
    } else {
      last = value;
    }
    filled[i] = last;
  }
  return [present, float ? new Uint8Array(filled.buffer) : encodeInts(filled)];
}

function encodeColumn(type: FieldType, values: readonly (EventRow[string] | undefined)[]): unknown {
  switch (type) {
    case 'keyword':
    case 'text':
    case 'ip':
      return encodeStrings(values as (string | undefined)[], false);
    case 'hash':
      return encodeStrings(values as (string | undefined)[], true);
    case 'keywords':
      return encodeLists(values as (readonly string[] | undefined)[]);
    case 'int':
    case 'time':
      return encodeNumbers(values as (number | undefined)[], false);
    case 'float':
      return encodeNumbers(values as (number | undefined)[], true);
    case 'bool':
      return encodePlanes(values.map((v) => (v === undefined ? 0 : v === true ? 2 : 1)));
  }
}

function encodeGroup(type: string, rows: readonly EventRow[]): unknown {
  const ids = typesByName.get(type);
  if (ids === undefined) throw new TypeError(`no event type ${type}`);
  const columns: unknown[] = [];
  for (const field of ids.fields) {
    const values = rows.map((row) => row[field.name]);
    if (values.some((v) => v !== undefined)) columns.push([field.id, encodeColumn(field.type, values)]);
  }
  return [ids.id, rows.length, encodeInts(rows.map((row) => row.time)), columns];
}

export interface EncodedBatch {
  /** zstd of the msgpack body; what outbox, wire and journal hold. */
  readonly data: Uint8Array;
  /** Bytes of the msgpack body before zstd. */
  readonly bodyBytes: number;
  readonly count: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly minTime: number;
  readonly maxTime: number;
}

/**
 * Encodes events that passed `checkEvent`, at least one, at most `maxBatchEvents`. Events are grouped by type in
 * order of first appearance; within a type the order stays.
 */
export function encodeBatch(rows: readonly EventRow[]): EncodedBatch {
  const groups = new Map<string, EventRow[]>();
  let minTime = Number.POSITIVE_INFINITY;
  let maxTime = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const group = groups.get(row.type);
    if (group === undefined) groups.set(row.type, [row]);
    else group.push(row);
    if (row.time < minTime) minTime = row.time;
    if (row.time > maxTime) maxTime = row.time;
  }
  const body = packr.pack([codecVersion, [...groups].map(([type, group]) => encodeGroup(type, group))]);
  const data = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const counts = Object.fromEntries([...groups].map(([type, group]) => [type, group.length]));
  return { data, bodyBytes: body.length, count: rows.length, counts, minTime, maxTime };
}
