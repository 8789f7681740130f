/** Rows of SQL over segments, as events. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventPosition } from '#shared/protocol/event-id.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import type { SqlRows, SqlValue } from '../contract.ts';
import type { PlacedEvent } from './event-order.ts';
import { quoted } from './sql-parameters.ts';

/** Columns that say where an event comes from; with its time they are its place. */
export const positionColumns = ['host.id', 'event.stream', 'event.sequence', 'event.index'] as const;

export const placeSql = ['time', ...positionColumns].map(quoted).join(', ');

/** The columns that `eventOf` reads, for a SELECT. */
export function columnsSql(spec: EventSpec): string {
  return [placeSql, ...Object.keys(fieldsOf(spec)).map(quoted)].join(', ');
}

/** A whole number of a result, however wide the engine took it. */
export function wholeNumber(value: SqlValue | undefined): number {
  return typeof value === 'bigint' ? Number(value) : (value as number);
}

/** The position in the columns from `first` on. */
export function positionOf(row: readonly SqlValue[], first: number): EventPosition {
  return {
    hostId: String(row[first]),
    stream: String(row[first + 1]),
    sequence: wholeNumber(row[first + 2]),
    index: wholeNumber(row[first + 3]),
  };
}

/** Events of one type from what `columnsSql` selects. */
export function eventsOf(type: string, { rows, columns }: SqlRows): PlacedEvent[] {
  const first = 1 + positionColumns.length;
  return rows.map((row) => {
    const time = wholeNumber(row[0]);
    const event: EventRow = { type, time };
    for (let i = first; i < columns.length; i++) {
      const value = row[i];
      if (value === null || value === undefined) continue;
      event[(columns[i] as { name: string }).name] =
        typeof value === 'bigint' ? Number(value) : (value as EventRow[string]);
    }
    return { time, position: positionOf(row, 1), event };
  });
}

export function specOf(type: string): EventSpec {
  return (eventSpecs as Readonly<Record<string, EventSpec>>)[type] as EventSpec;
}
