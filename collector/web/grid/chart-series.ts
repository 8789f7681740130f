import { cellText, type GridColumn, type GridRow } from './cells.ts';

/** Lines or bars beyond these are left out; the grid has them all. */
export const maxLines = 8;
export const maxBars = 30;

export interface LineChart {
  readonly kind: 'lines';
  /** Seconds since the epoch, growing. */
  readonly seconds: readonly number[];
  readonly lines: readonly {
    readonly id: string;
    readonly name: string;
    readonly values: readonly (number | null)[];
  }[];
  readonly leftOut: number;
}

export interface BarChart {
  readonly kind: 'bars';
  readonly bars: readonly { readonly id: number; readonly name: string; readonly value: number }[];
  readonly value: string;
  readonly leftOut: number;
}

/** What a result can be drawn as: over time where it has an instant, by what it names elsewhere; null as neither. */
export function chartOf(
  columns: readonly GridColumn[],
  rows: readonly GridRow[],
): LineChart | BarChart | null {
  const indices = (kind: GridColumn['kind']) =>
    columns.flatMap((column, i) => (column.kind === kind ? [i] : []));
  const [numbers, [time], texts] = [indices('number'), indices('instant'), indices('text')];
  const [first] = numbers;
  if (first === undefined || rows.length < 2) return null;
  if (time !== undefined) {
    const [by] = texts;
    return by === undefined
      ? columnsOverTime(columns, rows, time, numbers)
      : namesOverTime(rows, time, by, first);
  }
  return texts.length === 0 ? null : barsOf(columns, rows, texts, first);
}

const secondOf = (row: GridRow, time: number) => Date.parse(cellText(row[time])) / 1000;
const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);

function columnsOverTime(
  columns: readonly GridColumn[],
  rows: readonly GridRow[],
  time: number,
  numbers: readonly number[],
): LineChart {
  const ordered = rows
    .filter((row) => Number.isFinite(secondOf(row, time)))
    .toSorted((a, b) => secondOf(a, time) - secondOf(b, time));
  const shown = numbers.slice(0, maxLines);
  return {
    kind: 'lines',
    seconds: ordered.map((row) => secondOf(row, time)),
    lines: shown.map((i) => ({
      id: `c${i}`,
      name: columns[i]?.name ?? '',
      values: ordered.map((row) => numberOf(row[i])),
    })),
    leftOut: numbers.length - shown.length,
  };
}

/** A line for each name; those that come to most. */
function namesOverTime(rows: readonly GridRow[], time: number, by: number, number: number): LineChart {
  const byName = Map.groupBy(rows, (row) => cellText(row[by]));
  const total = (of: readonly GridRow[]) => of.reduce((sum, row) => sum + (numberOf(row[number]) ?? 0), 0);
  const largest = [...byName].sort(([, a], [, b]) => total(b) - total(a)).slice(0, maxLines);
  const seconds = [...new Set(rows.map((row) => secondOf(row, time)).filter(Number.isFinite))].sort(
    (a, b) => a - b,
  );
  const lines = largest.map(([name, of]) => {
    const at = new Map(of.map((row) => [secondOf(row, time), numberOf(row[number])]));
    return { id: name, name, values: seconds.map((second) => at.get(second) ?? null) };
  });
  return { kind: 'lines', seconds, lines, leftOut: byName.size - lines.length };
}

function barsOf(
  columns: readonly GridColumn[],
  rows: readonly GridRow[],
  texts: readonly number[],
  number: number,
): BarChart {
  const bars = rows
    .map((row, id) => ({
      id,
      name: texts.map((i) => cellText(row[i])).join(' · '),
      value: numberOf(row[number]) ?? 0,
    }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, maxBars);
  return { kind: 'bars', bars, value: columns[number]?.name ?? '', leftOut: rows.length - bars.length };
}
