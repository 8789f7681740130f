import { type ColumnarEvents, type StringColumn, valueAt } from '../../schema/columns.ts';
import { latenessUs } from '../../sigma/index.ts';
import type { BatchOrigin } from '../contract.ts';
import type { Observation } from './contract.ts';

const none: readonly string[] = [];

/** The events of one group of a batch as detectors read them: one object, moved from row to row. */
export class ObservedRows implements Observation {
  readonly #origin: BatchOrigin;
  readonly #events: ColumnarEvents;
  readonly group: number;
  readonly #bound: number;
  /** The rows in order of time, those of one time as they stand; null where they stand in order. */
  readonly #order: Uint32Array | null;
  #row = 0;

  constructor(origin: BatchOrigin, events: ColumnarEvents, group: number) {
    this.#origin = origin;
    this.#events = events;
    this.group = group;
    this.#bound = (origin.receivedAt ?? Number.POSITIVE_INFINITY) + latenessUs;
    this.#order = isOrdered(events)
      ? null
      : new Uint32Array(events.count)
          .map((_, row) => row)
          .sort((a, b) => this.timeOf(a) - this.timeOf(b) || a - b);
  }

  /** This object, as the event of a row. */
  at(row: number): this {
    this.#row = row;
    return this;
  }

  get row(): number {
    return this.#row;
  }

  get count(): number {
    return this.#events.count;
  }

  get earliest(): number {
    return this.timeAt(0);
  }

  get latest(): number {
    return this.timeAt(this.count - 1);
  }

  /** The row that is this one in order of time. */
  rowAt(place: number): number {
    return this.#order === null ? place : this.#order[place]!;
  }

  timeAt(place: number): number {
    return this.timeOf(this.rowAt(place));
  }

  /** The time of a row, as `time` gives it. */
  timeOf(row: number): number {
    return Math.min(this.#events.times[row]!, this.#bound);
  }

  get type(): string {
    return this.#events.type;
  }

  get time(): number {
    return this.timeOf(this.#row);
  }

  get hostId(): string {
    return this.#origin.hostId;
  }

  get hostName(): string {
    return this.#origin.hostName;
  }

  get id(): string {
    return this.#origin.eventId(this.group, this.#row);
  }

  texts(name: string): StringColumn | undefined {
    const column = this.#events.columns.get(name);
    return column?.kind === 'string' ? column : undefined;
  }

  entry(name: string): number {
    return this.texts(name)?.index[this.#row] ?? 0;
  }

  text(name: string): string | undefined {
    const column = this.texts(name);
    if (column === undefined) return undefined;
    const entry = column.index[this.#row]!;
    return entry === 0 ? undefined : column.dictionary[entry - 1];
  }

  number(name: string): number | undefined {
    const column = this.#events.columns.get(name);
    if (column?.kind !== 'number') return undefined;
    return column.present === null || column.present[this.#row] === 1 ? column.values[this.#row] : undefined;
  }

  flag(name: string): boolean {
    const column = this.#events.columns.get(name);
    return column?.kind === 'bool' && column.values[this.#row] === 2;
  }

  list(name: string): readonly string[] {
    const column = this.#events.columns.get(name);
    if (column?.kind !== 'list') return none;
    return (valueAt(column, this.#row) as readonly string[] | undefined) ?? none;
  }
}

function isOrdered({ times, count }: ColumnarEvents): boolean {
  for (let row = 1; row < count; row++) if (times[row]! < times[row - 1]!) return false;
  return true;
}
