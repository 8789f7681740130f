import type { Column, ColumnarEvents } from '../../schema/columns.ts';
import type { FlatEvent } from './flatten.ts';

/** Events, columns and characters of a batch; adding stops at the first of them. */
export const batchBounds = { events: 512, columns: 4_096, characters: 8 << 20 } as const;

/** What `ColumnarEvents.type` is for events that are not declared. */
export const openType = 'json';

/** One column under way: the rows that have values, and which. */
class ColumnDraft {
  readonly #dictionary = new Map<string, number>();
  readonly #rows: number[] = [];
  /** By entry: index in the dictionary, from 1. Rows may come several times, in order. */
  readonly #entries: number[] = [];
  /** Rows that have the field without a value. */
  readonly #empty: number[] = [];
  #isList = false;

  /** The row has the field without a value. */
  addEmpty(row: number): void {
    this.#empty.push(row);
    this.#isList = true;
  }

  add(row: number, text: string): void {
    let k = this.#dictionary.get(text);
    if (k === undefined) {
      k = this.#dictionary.size + 1;
      this.#dictionary.set(text, k);
    }
    if (this.#rows.at(-1) === row) this.#isList = true;
    this.#rows.push(row);
    this.#entries.push(k);
  }

  finish(count: number): Column {
    const dictionary = [...this.#dictionary.keys()];
    if (this.#isList) return this.#finishList(dictionary, count);
    const index = new Uint32Array(count);
    this.#rows.forEach((row, i) => {
      index[row] = this.#entries[i]!;
    });
    return { kind: 'string', dictionary, index };
  }

  #finishList(dictionary: readonly string[], count: number): Column {
    const offsets = new Uint32Array(count + 1);
    const present = new Uint8Array(count);
    for (const row of this.#rows) {
      offsets[row + 1]!++;
      present[row] = 1;
    }
    for (const row of this.#empty) present[row] = 1;
    for (let row = 0; row < count; row++) offsets[row + 1]! += offsets[row]!;
    return { kind: 'list', dictionary, offsets, index: Uint32Array.from(this.#entries), present };
  }
}

/** Gathers flat events into columns of text, for `Matcher.matchAs` with an open schema. */
export class ColumnBatch {
  readonly #drafts = new Map<string, ColumnDraft>();
  readonly #times: number[] = [];
  #characters = 0;

  get count(): number {
    return this.#times.length;
  }

  get isFull(): boolean {
    const { events, columns, characters } = batchBounds;
    return this.count >= events || this.#drafts.size >= columns || this.#characters >= characters;
  }

  /** `timeUs` is microseconds since the Unix epoch. */
  add(fields: FlatEvent, timeUs: number): void {
    const row = this.#times.push(timeUs) - 1;
    for (const [name, texts] of fields) {
      let draft = this.#drafts.get(name);
      if (draft === undefined) {
        draft = new ColumnDraft();
        this.#drafts.set(name, draft);
      }
      if (texts.length === 0) draft.addEmpty(row);
      for (const text of texts) {
        draft.add(row, text);
        this.#characters += text.length;
      }
    }
  }

  finish(): ColumnarEvents {
    const { count } = this;
    const columns = new Map<string, Column>();
    for (const [name, draft] of this.#drafts) columns.set(name, draft.finish(count));
    return { type: openType, count, times: Float64Array.from(this.#times), columns };
  }
}

/** Flat events as one batch, whatever their number; for a few. */
export function columnsOf(events: readonly FlatEvent[]): ColumnarEvents {
  const batch = new ColumnBatch();
  for (const event of events) batch.add(event, 0);
  return batch.finish();
}
