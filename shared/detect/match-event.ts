import { eventSpecs } from '../events/registry.gen.ts';
import { type Column, type ColumnarEvents, valueAt } from '../schema/columns.ts';
import type { EventSpec } from '../schema/spec.ts';
import { type CorrelationEvent, fieldKey, fieldMapOf, latenessUs } from '../sigma/index.ts';
import type { Evidence } from './alert.ts';
import type { BatchOrigin } from './contract.ts';
import type { Hit } from './hit.ts';

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** The events of one group of a batch as correlations read them: one object, moved from row to row. */
export class MatchEvent implements CorrelationEvent {
  readonly #origin: BatchOrigin;
  readonly #events: ColumnarEvents;
  readonly #group: number;
  /** By the names rules use; null for a field that no row has. */
  readonly #columns = new Map<string, Column | null>();
  readonly source: string;
  readonly #firstIndex: number;
  readonly #latest: number;
  #row = 0;

  constructor(origin: BatchOrigin, events: ColumnarEvents, group: number) {
    this.#origin = origin;
    this.#events = events;
    this.#group = group;
    this.#latest = (origin.receivedAt ?? Number.POSITIVE_INFINITY) + latenessUs;
    const firstId = origin.eventId(group, 0);
    const digits = /(?:0|[1-9]\d{0,8})$/.exec(firstId)?.[0] ?? '';
    this.source = firstId.slice(0, firstId.length - digits.length);
    this.#firstIndex = Number(digits);
  }

  /** This object, as the event of a row. */
  at(row: number): this {
    this.#row = row;
    return this;
  }

  get time(): number {
    return Math.min(this.#events.times[this.#row]!, this.#latest);
  }

  get index(): number {
    return this.#origin.indexOf?.(this.#group, this.#row) ?? this.#firstIndex + this.#row;
  }

  readonly field = (name: string): string | null => {
    let column = this.#columns.get(name);
    if (column === undefined) {
      if (name === 'host.id') return this.#origin.hostId;
      if (name === 'host.name') return this.#origin.hostName;
      column = this.#find(name);
      this.#columns.set(name, column);
    }
    if (column === null) return null;
    if (column.kind === 'string') {
      const entry = column.index[this.#row]!;
      return entry === 0 ? null : column.dictionary[entry - 1]!;
    }
    const value = valueAt(column, this.#row);
    return value === undefined ? null : String(value);
  };

  /** Where the row is. */
  get hit(): Hit {
    const { hostId, hostName } = this.#origin;
    return { hostId, hostName, events: this.#events, row: this.#row };
  }

  get eventId(): string {
    return this.#origin.eventId(this.#group, this.#row);
  }

  /** The row with what an alert about it needs. */
  evidence(): Evidence {
    const row = this.#row;
    return {
      ...{ origin: this.#origin, events: this.#events, group: this.#group, row },
      time: this.#events.times[row]!,
      eventId: this.eventId,
    };
  }

  #find(name: string): Column | null {
    const spec = specs[this.#events.type];
    const ecs = spec === undefined ? undefined : fieldMapOf(spec).get(fieldKey(name));
    return (ecs === undefined ? undefined : this.#events.columns.get(ecs)) ?? null;
  }
}
