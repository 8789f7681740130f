import { printable } from './terminal.ts';

export interface TableColumn<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  /** Numbers stand to the right. */
  readonly align?: 'right';
  /** The one column that gives way when the terminal is narrow. */
  readonly flexible?: true;
}

const fallbackWidth = 120;

/** One JSON document, or with `lines` one object a line. */
export function printJson(value: unknown): void {
  process.stdout.write(`${escapeHidden(JSON.stringify(value, null, 2))}\n`);
}

export function printJsonLine(value: unknown): void {
  process.stdout.write(`${escapeHidden(JSON.stringify(value))}\n`);
}

/** Control characters that JSON lets through (C1, direction marks) are escaped, so that no value drives a terminal. */
function escapeHidden(json: string): string {
  return json.replace(hidden, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const hidden = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g;

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fit(text: string, width: number, align: 'right' | undefined): string {
  if (text.length > width) return `${text.slice(0, Math.max(0, width - 1))}…`;
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** A table as wide as the terminal at most; `none` is said when there are no rows. Hostile text is made visible. */
export function printTable<T>(columns: readonly TableColumn<T>[], rows: readonly T[], none: string): void {
  if (rows.length === 0) {
    print(none);
    return;
  }
  const cells = rows.map((row) => columns.map((column) => printable(column.of(row))));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const room = (process.stdout.columns ?? fallbackWidth) - 2 * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.flexible === true);
  const excess = widths.reduce((sum, w) => sum + w, 0) - room;
  if (flexible >= 0 && excess > 0) widths[flexible] = Math.max(12, (widths[flexible] as number) - excess);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => fit(text, widths[i] as number, columns[i]?.align))
      .join('  ')
      .trimEnd();
  print(line(columns.map((column) => column.title.toUpperCase())));
  for (const row of cells) print(line(row));
}

/** Local time to the second; the date is there only when it is not today. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
