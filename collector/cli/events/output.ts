import { csvLine } from '#shared/csv.ts';
import { print, printJsonLine, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { EventJson } from '../../api/json/event.ts';
import { cellText, type EventColumn, usualColumns } from './columns.ts';
import type { ZoneTime } from './zone.ts';

export const formats = ['table', 'jsonl', 'csv'] as const;
export type Format = (typeof formats)[number];

export interface OutputOptions {
  readonly format: Format;
  /** Undefined for the usual ones; whole events in JSON. */
  readonly columns: readonly EventColumn[] | undefined;
  readonly time: ZoneTime;
}

const missing = '-';

/** A cell for people: times in their zone, what is absent shown as such. */
function shown(column: EventColumn, event: EventJson, time: ZoneTime): string {
  const value = column.of(event);
  if (column.isTime) return time(String(value));
  return value === undefined ? missing : cellText(value);
}

/** What comes before the events, in formats that have such. */
export function printHead({ format, columns = usualColumns }: OutputOptions): void {
  if (format === 'csv') process.stdout.write(csvLine(columns.map(({ title }) => title)));
}

/** An event in a line of its own. Times in formats for machines are ISO 8601 in UTC. */
export function printEvent(event: EventJson, { format, columns, time }: OutputOptions): void {
  const chosen = columns ?? usualColumns;
  if (format === 'jsonl') printJsonLine(columns === undefined ? event : objectOf(event, columns));
  else if (format === 'csv') process.stdout.write(csvLine(chosen.map((column) => column.of(event))));
  else print(printable(chosen.map((column) => shown(column, event, time)).join('  ')));
}

/** The chosen columns as one object; what is absent is left out. */
export function objectOf(event: EventJson, columns: readonly EventColumn[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ title, of }) => [title, of(event)] as const).filter(([, value]) => value !== undefined),
  );
}

/** Events all at once. */
export function printEvents(events: readonly EventJson[], options: OutputOptions): void {
  if (options.format !== 'table') {
    printHead(options);
    for (const event of events) printEvent(event, options);
    return;
  }
  const chosen = options.columns ?? usualColumns;
  const lastIsFlexible = !chosen.some(({ flexible }) => flexible);
  const columns = chosen.map((column, i) => ({
    title: column.title,
    of: (event: EventJson) => shown(column, event, options.time),
    ...((column.flexible || (lastIsFlexible && i === chosen.length - 1)) && { flexible: true as const }),
  }));
  printTable(columns, events, 'No event matches.');
}
