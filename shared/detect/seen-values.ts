/** Values that differ between the hits of one alert, counted: one entity, but not one command line. */
import { type ColumnarEvents, type EventRow, valueAt } from '../schema/columns.ts';

/** What may differ and is worth telling, where the entity does not fix it. */
const told = [
  'process.command_line',
  'message',
  'user.name',
  'process.name',
  'file.path',
  'destination.ip',
  'destination.port',
  'source.ip',
  'dns.question.name',
] as const;

const valueLength = 256;

/** By field, how often each value was seen, in the order they came. */
export type SeenValues = Readonly<Record<string, readonly (readonly [value: string, count: number])[]>>;

/** Counts values over the hits of one batch; as many as the batch has rows at most. */
export class ValueCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  add(events: ColumnarEvents, row: number): void {
    for (const name of told) {
      const column = events.columns.get(name);
      if (column === undefined) continue;
      const value = valueAt(column, row);
      if (value !== undefined) this.#count(name, String(value).slice(0, valueLength));
    }
  }

  #count(name: string, value: string): void {
    let counts = this.#counts.get(name);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(name, counts);
    }
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }

  get seen(): SeenValues {
    return Object.fromEntries([...this.#counts].map(([name, counts]) => [name, [...counts]]));
  }
}

/** Of the one event that a host quotes. */
export function seenIn(event: EventRow): SeenValues {
  return Object.fromEntries(
    told.flatMap((name) => {
      const value = event[name];
      return value === undefined ? [] : [[name, [[String(value).slice(0, valueLength), 1] as const]]];
    }),
  );
}

/** Different values of one field that an alert keeps; hits with others are counted together. */
export const keptValues = 8;

/** Of one field: the first values that came, and hits with any other. */
export interface ValueSample {
  readonly field: string;
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly others: number;
}

/** The sample with more hits counted in. The same hits in the same order give the same, however they are batched. */
export function extendSamples(samples: readonly ValueSample[], seen: SeenValues): readonly ValueSample[] {
  const byField = new Map(samples.map((sample) => [sample.field, sample]));
  for (const [field, counts] of Object.entries(seen)) {
    const before = byField.get(field);
    const values = new Map(before?.values.map(({ value, count }) => [value, count]));
    let others = before?.others ?? 0;
    for (const [value, count] of counts) {
      const known = values.get(value);
      if (known !== undefined || values.size < keptValues) values.set(value, (known ?? 0) + count);
      else others += count;
    }
    byField.set(field, { field, values: [...values].map(([value, count]) => ({ value, count })), others });
  }
  return [...byField.values()];
}
