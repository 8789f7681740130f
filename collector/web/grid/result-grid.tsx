import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { Code, Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { cellText, type GridColumn, type GridRow, type Sorting, sorted } from './cells.ts';

const rowPx = 29;
const overscan = 12;
/** Characters a column is made wide for, by the first rows. */
const leastChars = 8;
const mostChars = 64;
const sampledRows = 200;
const charPx = 7.6;
const cellPaddingPx = 26;
/** With a zone such as GMT+1; those with half hours are longer by three. */
const instantChars = 30;

interface ResultGridProps {
  /** What the rows are, to those who do not see them. */
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  /** A row was chosen to be seen whole. */
  readonly open?: (row: GridRow) => void;
}

function widthOf(column: GridColumn, index: number, rows: readonly GridRow[]): number {
  const seen = rows.slice(0, sampledRows).map((row) => cellText(row[index]).length);
  const longest = column.kind === 'instant' ? instantChars : Math.max(leastChars, ...seen);
  return Math.round(Math.min(mostChars, Math.max(longest, column.name.length + 2)) * charPx + cellPaddingPx);
}

/** Rows of an answer. Only those in view are in the document, so a hundred thousand scroll as ten do. */
export function ResultGrid({ label, columns, rows, open }: ResultGridProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const inOrder = useMemo(() => sorted(rows, sorting), [rows, sorting]);
  // Widths stay as rows arrive beyond the first.
  const sample = rows.length >= sampledRows ? sampledRows : rows.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the first rows decide.
  const widths = useMemo(() => columns.map((column, i) => widthOf(column, i, rows)), [columns, sample]);
  const virtual = useVirtualizer({
    count: inOrder.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const sortBy = (column: number) =>
    setSorting((now) =>
      now?.column === column
        ? now.descending
          ? null
          : { column, descending: true }
        : { column, descending: false },
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section className="grid-scroll result-scroll" ref={scroll} tabIndex={0} aria-label={label}>
      <table
        className="grid"
        aria-rowcount={inOrder.length + 1}
        style={{ width: widths.reduce((a, b) => a + b, 0) }}
      >
        <colgroup>
          {columns.map(({ id }, i) => (
            <col key={id} style={{ width: widths[i] }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column, i) => (
              <th
                key={column.id}
                scope="col"
                className={column.kind === 'number' ? 'figure' : undefined}
                aria-sort={sortWord(sorting, i)}
              >
                <button type="button" onClick={() => sortBy(i)}>
                  <Visible text={column.name} />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Spacer px={before} />}
          {items.map(({ index, key }) => {
            const row = inOrder[index] as GridRow;
            return (
              <tr key={key} aria-rowindex={index + 2}>
                {columns.map((column, i) => (
                  <td key={column.id} className={column.kind === 'number' ? 'figure' : undefined}>
                    {i === 0 && open !== undefined ? (
                      <button type="button" className="grid-open" onClick={() => open(row)}>
                        <Cell column={column} value={row[i]} />
                        <span className="hidden-text">, open the row</span>
                      </button>
                    ) : (
                      <Cell column={column} value={row[i]} />
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <Spacer px={after} />}
        </tbody>
      </table>
    </section>
  );
}

function Spacer({ px }: { px: number }) {
  return <tr style={{ height: px }} />;
}

function Cell({ column: { kind }, value }: { column: GridColumn; value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">–</span>;
  if (kind === 'instant' && typeof value === 'string') return <Exact at={value} />;
  if (kind === 'number' && typeof value === 'number') return <>{value}</>;
  return <Code text={cellText(value)} />;
}

function sortWord(sorting: Sorting | null, column: number) {
  if (sorting?.column !== column) return undefined;
  return sorting.descending ? 'descending' : 'ascending';
}
