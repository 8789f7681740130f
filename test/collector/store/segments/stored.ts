/** A journal of made-up batches, and everything a store holds, told apart from where it is. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type Database from 'better-sqlite3';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import { type EventRow, rowAt } from '#shared/schema/columns.ts';
import { type KeyRing, noKeyRing } from '../../../../collector/encryption/key-ring.ts';
import { unseal } from '../../../../collector/encryption/sealed.ts';
import { recordOf } from '../../../../collector/ingest/record.ts';
import { addKeys } from '../../../../collector/store/events/sql/duckdb.ts';
import type { JournalWriter } from '../../../../collector/store/journal/contract.ts';
import { placeOf } from '../../../../collector/store/journal/place.ts';
import { Manifest } from '../../../../collector/store/segments/manifest.ts';

export interface FillOptions {
  readonly host?: string;
  readonly stream?: string;
  /** Of the first batch. */
  readonly sequence?: number;
  /** Collected on the stream before it. */
  readonly collected?: number;
}

/** Appends batches of these events, in order. */
export async function append(
  writer: JournalWriter,
  batches: readonly (readonly EventRow[])[],
  { host = 'a'.repeat(16), stream = 'b'.repeat(16), sequence = 1, collected = 0 }: FillOptions = {},
): Promise<void> {
  let total = collected;
  const records = batches.map((events, i) => {
    const { data } = encodeBatch(events);
    const decoded = decodeBatch(data);
    if (!decoded.ok) throw decoded.error;
    total += events.length;
    const header = {
      hostId: host,
      stream,
      sequence: sequence + i,
      collected: total,
      receivedAt: receivedAt + i,
    };
    const record = recordOf({ ...header, data } as never, decoded.value);
    if (!record.ok) throw record.error;
    return record.value;
  });
  const outcomes = await writer.append(records);
  const refused = outcomes.find(({ status }) => status !== 'stored');
  if (refused !== undefined) throw new Error(`a batch was not stored: ${refused.status}`);
}

const receivedAt = 1_800_000_000_000_000;

type Cell = string | number | boolean | null | readonly string[];

/** A value of DuckDB as the codec gives it. */
function plain(value: unknown): Cell {
  if (typeof value === 'bigint') return Number(value);
  if (value !== null && typeof value === 'object') {
    if ('micros' in value) return Number((value as { micros: bigint }).micros);
    if ('items' in value) return (value as { items: readonly unknown[] }).items.map(String);
  }
  return value as Cell;
}

function textOf(event: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(event).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every event in journal and segments, by id, as many times as it is there, each as text. */
export async function everything(
  db: Database.Database,
  folder: string,
  ring: KeyRing = noKeyRing,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const put = (id: string, event: Readonly<Record<string, unknown>>) => {
    const known = found.get(id);
    if (known === undefined) found.set(id, [textOf(event)]);
    else known.push(textOf(event));
  };
  for (const row of db.prepare('SELECT host, stream, sequence, data FROM batch').all() as {
    host: string;
    stream: string;
    sequence: number;
    data: Buffer;
  }[]) {
    const place = placeOf(row.host, row.stream, row.sequence);
    const decoded = decodeBatch(unseal(row.data, ring, place));
    if (!decoded.ok) continue;
    for (const { offset, events } of decoded.value.groups) {
      for (let i = 0; i < events.count; i++) {
        const { host: hostId, stream, sequence } = row;
        put(eventId({ hostId, stream, sequence, index: offset + i }), rowAt(events, i));
      }
    }
  }
  const instance = await DuckDBInstance.create(':memory:');
  const duck = await instance.connect();
  await addKeys(duck, ring, new Set());
  for (const { path, type, rows, minTime, maxTime, day, key } of new Manifest(db).list()) {
    const encryption = key === null ? '' : `, encryption_config = {footer_key: '${key}'}`;
    const read = await duck.runAndReadAll(`SELECT * FROM read_parquet('${join(folder, path)}'${encryption})`);
    const names = read.columnNames();
    if (read.currentRowCount !== rows)
      throw new Error(`${path} has ${read.currentRowCount} rows, not ${rows}`);
    for (const row of read.getRows()) {
      const all = Object.fromEntries(names.map((name, i) => [name, plain(row[i])]));
      const { 'host.id': hostId, 'event.stream': stream, ...event } = all;
      const { 'event.sequence': sequence, 'event.index': index, 'event.ingested': _, ...fields } = event;
      const time = fields['time'] as number;
      if (time < minTime || time > maxTime || Math.floor(time / 86_400_000_000) !== day)
        throw new Error(`${path} is not the place of ${time}`);
      put(eventId({ hostId, stream, sequence, index } as never), { type, ...fields });
    }
  }
  duck.closeSync();
  instance.closeSync();
  return found;
}
