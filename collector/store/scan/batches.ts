import type { ColumnarEvents } from '#shared/schema/columns.ts';
import { type Arrivals, type BatchKey, compareBatches, keyAt } from './arrival.ts';
import { takeRows } from './take-rows.ts';

/** Rows of one type of a batch. */
export interface BatchPart {
  readonly events: ColumnarEvents;
  /** By row: number of the event in the batch. */
  readonly indexes: Float64Array;
}

/** A batch as it arrived, of whose events only some are left. */
export interface SparseBatch extends BatchKey {
  /** In the order of their numbers. */
  readonly parts: readonly BatchPart[];
}

interface Cursor {
  readonly arrivals: Arrivals;
  at: number;
  key: BatchKey;
}

/** Puts the rows of many row groups together into batches again, in the order in which the batches arrived. */
export class BatchMerge {
  /** A heap by the batch each stands at. */
  readonly #cursors: Cursor[] = [];
  /** Rows that wait. */
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(arrivals: Arrivals): void {
    this.#rows += arrivals.events.count;
    this.#push({ arrivals, at: 0, key: keyAt(arrivals, 0) });
  }

  /** The next batch that was received before `before`; undefined where none is left. */
  next(before: number): SparseBatch | undefined {
    const first = this.#cursors[0];
    if (first === undefined || first.key.receivedAt >= before) return undefined;
    const { key } = first;
    const parts: BatchPart[] = [];
    for (let top = this.#cursors[0]; top !== undefined && compareBatches(top.key, key) === 0; ) {
      parts.push(this.#take(this.#pop()));
      top = this.#cursors[0];
    }
    parts.sort((a, b) => (a.indexes[0] as number) - (b.indexes[0] as number));
    return { ...key, parts };
  }

  /** The rows of the batch it stands at; goes on to the next. */
  #take(cursor: Cursor): BatchPart {
    const { arrivals, at, key } = cursor;
    const { count } = arrivals.events;
    let end = at + 1;
    let next = key;
    for (; end < count; end++) {
      next = keyAt(arrivals, end);
      if (compareBatches(next, key) !== 0) break;
    }
    const rows = Uint32Array.from({ length: end - at }, (_, i) => at + i);
    this.#rows -= rows.length;
    if (end < count) this.#push({ arrivals, at: end, key: next });
    return { events: takeRows(arrivals.events, rows), indexes: arrivals.indexes.subarray(at, end) };
  }

  #push(cursor: Cursor): void {
    const heap = this.#cursors;
    let at = heap.push(cursor) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compareBatches((heap[parent] as Cursor).key, cursor.key) <= 0) break;
      heap[at] = heap[parent] as Cursor;
      at = parent;
    }
    heap[at] = cursor;
  }

  #pop(): Cursor {
    const heap = this.#cursors;
    const top = heap[0] as Cursor;
    const last = heap.pop() as Cursor;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && compareBatches(right.key, (heap[child] as Cursor).key) < 0) child++;
      if (compareBatches((heap[child] as Cursor).key, last.key) >= 0) break;
      heap[at] = heap[child] as Cursor;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
