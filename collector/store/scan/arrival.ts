/** Rows that rules looked for, on their way from the thread that found them to detection. */
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { StoredGroup } from './stored-group.ts';
import { takeRows } from './take-rows.ts';

/** Texts by row: row i has `dictionary[index[i] - 1]`. */
export interface TextRows {
  readonly dictionary: readonly string[];
  readonly index: ArrayLike<number>;
}

/** Events of one type with where each came from, in order of arrival: batch by batch, then by number in the batch. */
export interface Arrivals {
  readonly events: ColumnarEvents;
  readonly hosts: TextRows;
  readonly streams: TextRows;
  readonly sequences: Float64Array;
  /** Number of the event in its batch. */
  readonly indexes: Float64Array;
  /** Microseconds since the epoch. */
  readonly receivedAt: Float64Array;
}

/** What identifies a batch, in the order in which batches are taken to have arrived. */
export interface BatchKey {
  readonly receivedAt: number;
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
}

export function compareBatches(a: BatchKey, b: BatchKey): number {
  if (a.receivedAt !== b.receivedAt) return a.receivedAt - b.receivedAt;
  if (a.hostId !== b.hostId) return a.hostId < b.hostId ? -1 : 1;
  if (a.stream !== b.stream) return a.stream < b.stream ? -1 : 1;
  return a.sequence - b.sequence;
}

export function textOf({ dictionary, index }: TextRows, row: number): string {
  return dictionary[(index[row] as number) - 1] ?? '';
}

export function keyAt(
  { hosts, streams, sequences, receivedAt }: Omit<Arrivals, 'events' | 'indexes'>,
  row: number,
): BatchKey {
  return {
    receivedAt: receivedAt[row] as number,
    hostId: textOf(hosts, row),
    stream: textOf(streams, row),
    sequence: sequences[row] as number,
  };
}

/** These rows of a row group. */
export function arrivalsOf(group: StoredGroup, rows: readonly number[]): Arrivals {
  const all = {
    hosts: group.strings('host.id'),
    streams: group.strings('event.stream'),
    sequences: group.numbers('event.sequence'),
    receivedAt: group.numbers('event.ingested'),
  };
  const indexes = group.numbers('event.index');
  const keys = new Map(rows.map((row) => [row, keyAt(all, row)]));
  const inOrder = [...rows].sort(
    (a, b) =>
      compareBatches(keys.get(a) as BatchKey, keys.get(b) as BatchKey) ||
      (indexes[a] as number) - (indexes[b] as number),
  );
  const numbers = (values: Float64Array) => Float64Array.from(inOrder, (row) => values[row] as number);
  const texts = ({ dictionary, index }: TextRows): TextRows => ({
    dictionary,
    index: Uint32Array.from(inOrder, (row) => index[row] as number),
  });
  return {
    events: takeRows(group, inOrder),
    hosts: texts(all.hosts),
    streams: texts(all.streams),
    sequences: numbers(all.sequences),
    indexes: numbers(indexes),
    receivedAt: numbers(all.receivedAt),
  };
}
