/** Some batches of the journal as Parquet files, one for each event type that is asked for. */
import { writeFileSync } from 'node:fs';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { type TypeId, typesByName } from '#shared/protocol/codec/schema-ids.ts';
import type { Column, ColumnarEvents } from '#shared/schema/columns.ts';
import type { Key } from '../../../encryption/key-ring.ts';
import { columnsOf, originColumns } from '../../segments/layout.ts';
import { type ColumnSpec, gather, ParquetFile } from '../../segments/parquet/file.ts';
import type { Gathered, GatheredNumbers, GatheredStrings } from '../../segments/parquet/gathered.ts';

/** What a tail needs of a journal row. */
export interface TailBatch {
  readonly id: number;
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  readonly receivedAt: number;
  readonly data: Uint8Array;
}

export interface TailFile {
  readonly type: string;
  readonly path: string;
  readonly columns: ReadonlySet<string>;
  readonly minTime: number;
  readonly maxTime: number;
  /** Id of the key it is encrypted under; null in the clear. */
  readonly key: string | null;
}

/** A group of events and the batch it came in. */
interface Piece {
  readonly batch: TailBatch;
  readonly offset: number;
  readonly events: ColumnarEvents;
}

function piecesByType(
  batches: readonly TailBatch[],
  wanted: ReadonlySet<string>,
  damaged: (id: number) => void,
): Map<string, Piece[]> {
  const byType = new Map<string, Piece[]>();
  for (const batch of batches) {
    const decoded = decodeBatch(batch.data, wanted);
    if (!decoded.ok) {
      damaged(batch.id);
      continue;
    }
    for (const { offset, events } of decoded.value.groups) {
      const pieces = byType.get(events.type) ?? [];
      pieces.push({ batch, offset, events });
      byType.set(events.type, pieces);
    }
  }
  return byType;
}

type Adding = { add(at: number, count: number, column: Column): void };

/** The columns every segment begins with, in the order of `originColumns`. */
function addOrigin(into: readonly Gathered[], at: number, { batch, offset, events }: Piece): void {
  const [time, ingested, host, stream, sequence, index] = into as readonly [
    GatheredNumbers,
    GatheredNumbers,
    GatheredStrings,
    GatheredStrings,
    GatheredNumbers,
    GatheredNumbers,
  ];
  const { count, times } = events;
  time.add(at, count, { kind: 'number', values: times, present: null });
  ingested.addOne(at, count, batch.receivedAt);
  host.addOne(at, count, batch.hostId);
  stream.addOne(at, count, batch.stream);
  sequence.addOne(at, count, batch.sequence);
  index.addCount(at, count, offset);
}

function encode(
  type: string,
  columns: readonly ColumnSpec[],
  pieces: readonly Piece[],
  key: Key | undefined,
): Buffer {
  const rows = pieces.reduce((sum, { events }) => sum + events.count, 0);
  const gathered = columns.map(({ form }) => gather(form, rows, 'read'));
  let at = 0;
  for (const piece of pieces) {
    addOrigin(gathered, at, piece);
    for (let i = originColumns.length; i < columns.length; i++) {
      const column = piece.events.columns.get((columns[i] as { name: string }).name);
      if (column !== undefined) (gathered[i] as Adding).add(at, piece.events.count, column);
    }
    at += piece.events.count;
  }
  const file = new ParquetFile(columns, key, 'read');
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  return Buffer.concat([...file.rowGroup(gathered, order), ...file.finish({ type })]);
}

/**
 * Writes the events of these batches that are of the types `wanted` into files whose paths begin with `prefix`, under
 * the key if there is one. A batch that does not decode is told to `damaged` and left out. Throws what the file system
 * does.
 */
export function writeTailBlock(
  batches: readonly TailBatch[],
  wanted: ReadonlySet<string>,
  prefix: string,
  key: Key | undefined,
  damaged: (id: number) => void,
): readonly TailFile[] {
  const files: TailFile[] = [];
  for (const [type, pieces] of piecesByType(batches, wanted, damaged)) {
    // Read whole in no time: filters of its values would only cost.
    const columns = columnsOf((typesByName.get(type) as TypeId).spec).map(({ name, form }) => ({
      name,
      form,
    }));
    const path = `${prefix}-${type}.parquet`;
    writeFileSync(path, encode(type, columns, pieces, key), { mode: 0o600 });
    let [minTime, maxTime] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { events } of pieces) {
      for (const time of events.times) {
        if (time < minTime) minTime = time;
        if (time > maxTime) maxTime = time;
      }
    }
    const names = new Set(columns.map((column) => column.name));
    files.push({ type, path, columns: names, minTime, maxTime, key: key?.id ?? null });
  }
  return files;
}
