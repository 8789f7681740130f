/** Gathers the events of one type, and writes them to the segment of their day, a row group at a time. */
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { columnsOf, originColumns } from './layout.ts';
import { type ColumnSpec, gather } from './parquet/file.ts';
import type { Gathered, GatheredNumbers, GatheredStrings } from './parquet/gathered.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { sliceOf } from './slice.ts';

/** Rows of a row group: what a thread reads at once, and the grain of its statistics and bloom filters. */
export const rowGroupRows = 122_880;
export const dayUs = 86_400_000_000;

/** Where the events of a batch come from. */
export interface Origin {
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  /** Microseconds since the epoch. */
  readonly receivedAt: number;
}

export class TypeGatherer {
  readonly #specs: readonly ColumnSpec[];
  readonly #capacity: number;
  readonly #open: (day: number, specs: readonly ColumnSpec[]) => SegmentWriter;
  #columns: Gathered[] = [];
  #times = new Float64Array(0);
  #rows = 0;

  /** `expected` rows in all; `open` gives the segment of a day. */
  constructor(
    spec: EventSpec,
    expected: number,
    open: (day: number, specs: readonly ColumnSpec[]) => SegmentWriter,
  ) {
    this.#specs = columnsOf(spec);
    this.#capacity = Math.min(rowGroupRows, Math.max(1, expected));
    this.#open = open;
  }

  /** `offset` is the number in its batch of the first event. */
  add(events: ColumnarEvents, offset: number, origin: Origin): void {
    for (let from = 0; from < events.count; ) {
      if (this.#rows === this.#capacity) this.flush();
      const count = Math.min(events.count - from, this.#capacity - this.#rows);
      // A part of a batch is rare: row groups end where they are full.
      this.#take(count === events.count ? events : sliceOf(events, from, count), offset + from, origin);
      from += count;
    }
  }

  #take(events: ColumnarEvents, index: number, { hostId, stream, sequence, receivedAt }: Origin): void {
    if (this.#columns.length === 0) {
      this.#columns = this.#specs.map(({ form }) => gather(form, this.#capacity));
      this.#times = new Float64Array(this.#capacity);
    }
    const { count } = events;
    const at = this.#rows;
    const [time, ingested, host, ofStream, ofSequence, ofIndex] = this.#columns as [
      GatheredNumbers,
      GatheredNumbers,
      GatheredStrings,
      GatheredStrings,
      GatheredNumbers,
      GatheredNumbers,
    ];
    time.add(at, count, { kind: 'number', values: events.times, present: null });
    ingested.addOne(at, count, receivedAt);
    host.addOne(at, count, hostId);
    ofStream.addOne(at, count, stream);
    ofSequence.addOne(at, count, sequence);
    ofIndex.addCount(at, count, index);
    this.#times.set(events.times.subarray(0, count), at);
    for (let i = originColumns.length; i < this.#specs.length; i++) {
      const column = events.columns.get((this.#specs[i] as ColumnSpec).name);
      if (column !== undefined)
        (this.#columns[i] as { add(a: number, n: number, c: unknown): void }).add(at, count, column);
    }
    this.#rows += count;
  }

  /** Writes what was gathered, by day, each by time. */
  flush(): void {
    const byDay = new Map<number, number[]>();
    for (let row = 0; row < this.#rows; row++) {
      const day = Math.floor((this.#times[row] as number) / dayUs);
      const rows = byDay.get(day);
      if (rows === undefined) byDay.set(day, [row]);
      else rows.push(row);
    }
    for (const [day, rows] of byDay) {
      const order = Uint32Array.from(rows).sort(
        (a, b) => (this.#times[a] as number) - (this.#times[b] as number) || a - b,
      );
      this.#open(day, this.#specs).add(this.#columns, order, this.#times);
    }
    this.#columns = [];
    this.#rows = 0;
  }
}
