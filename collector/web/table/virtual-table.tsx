// biome-ignore-all lint/a11y/useSemanticElements: rows stand where they are drawn, which those of a table element cannot.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and says which cell is active.
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react';
import type { TableColumn, TableSort } from './column.ts';
import { ColumnChoice } from './column-choice.tsx';
import { useGridKeys } from './grid-keys.ts';
import { useGridMoves } from './grid-moves.ts';
import { GridRow } from './grid-row.tsx';
import { HeaderCell } from './header-cell.tsx';
import { useSelection } from './selection.ts';
import { useIsNarrow } from './use-is-narrow.ts';
import { useLayout } from './use-layout.ts';

/** Rows drawn above and below what is seen. */
const overscan = 10;
/** So close to the end more rows are asked for. */
const nearEnd = 30;
const usualRowHeight = 34;
/** What a card is taken to be as high as, in rows, until it is measured. */
const rowsOfCard = 2.6;
const checkColumnWidth = 34;
/** Room at the end of every row, in pixels, for the choice of columns above. */
const choiceWidth = 30;
/** Narrower than this, in pixels, rows are cards where the table has them. */
const cardsBelow = 620;

export interface VirtualTableProps<R extends object> {
  /** What the rows are, for screen readers and the help on keys. */
  readonly label: string;
  /** The layout somebody chose is kept under it. */
  readonly name: string;
  readonly columns: readonly TableColumn<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string;
  /** How many there are in all, where not all are loaded. */
  readonly totalRows?: number;
  /** Without it the table keeps to itself what it is sorted by. */
  readonly sort?: TableSort;
  readonly onSort?: (sort: TableSort | null) => void;
  /** Whoever gives the rows sorts them. */
  readonly isSortedAlready?: true;
  readonly onOpen?: (row: R) => void;
  readonly openKey?: string | null;
  /** The row the keyboard is on. */
  readonly onActive?: (row: R | undefined) => void;
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (selected: ReadonlySet<string>) => void;
  /** Whether it is scrolled away from its first rows. */
  readonly onAway?: (isAway: boolean) => void;
  /** The end comes into sight: more is wanted. */
  readonly onEnd?: (() => void) | undefined;
  /** The row as a card, on narrow screens. */
  readonly card?: (row: R) => ReactNode;
  readonly rowClass?: (row: R) => string;
  /** Pixels. */
  readonly rowHeight?: number;
  /** CSS height at which the table scrolls within itself. */
  readonly height?: string;
  /** In place of rows where there are none. */
  readonly empty?: ReactNode;
}

/** A table of any length: only rows in sight are drawn. For the keyboard a grid (https://www.w3.org/WAI/ARIA/apg/patterns/grid/). */
export function VirtualTable<R extends object>(props: VirtualTableProps<R>) {
  const { label, onOpen, selected, onSelect, onEnd, onActive, rowHeight = usualRowHeight } = props;
  const id = useId();
  const scroll = useRef<HTMLDivElement>(null);
  const layout = useLayout(props);
  const { rows, headers } = layout;
  const keys = useMemo(() => rows.map((row) => row.id), [rows]);
  const card = useIsNarrow(scroll, cardsBelow) ? props.card : undefined;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (card === undefined ? rowHeight : rowHeight * rowsOfCard),
    getItemKey: (index) => keys[index] ?? index,
    overscan,
  });
  const isCards = card !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as cards the rows have other heights.
  useLayoutEffect(() => virtual.measure(), [isCards]);
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= rows.length - nearEnd) onEnd?.();
  }, [lastShown, rows.length, onEnd]);

  const lastColumn = isCards ? 0 : headers.length - 1;
  const moves = useGridMoves({
    keys,
    startKey: props.openKey,
    columns: lastColumn + 1,
    scrollTo: (row) => virtual.scrollToIndex(row, { align: 'auto' }),
    pageRows: () => Math.floor((scroll.current?.clientHeight ?? 0) / rowHeight),
  });
  const { active } = moves;
  const activeRow = rows[active.row];
  useEffect(() => onActive?.(activeRow?.original), [activeRow, onActive]);
  const selection = useSelection({ keys, selected, onSelect });
  const onKeyDown = useGridKeys({
    ...{ label, moves, selection, lastColumn, lastRow: rows.length - 1 },
    open: onOpen && (() => activeRow && onOpen(activeRow.original)),
    copy() {
      const text = activeRow && headers[active.column]?.column.text(activeRow.original);
      if (text !== undefined) void navigator.clipboard?.writeText(text);
    },
  });
  const checkWidth = selected === undefined ? 0 : checkColumnWidth;
  const style = {
    '--columns': `${checkWidth > 0 ? `${checkWidth}px ` : ''}${isCards ? 'minmax(0, 1fr)' : `${layout.template} ${choiceWidth}px`}`,
    '--grid-width': isCards ? '0' : `${layout.width + checkWidth + choiceWidth}px`,
  } as CSSProperties;
  const cellId = (row: number, column: number) => `${id}-${row}-${column}`;
  const isActiveShown = items.some(({ index }) => index === active.row);
  return (
    <div className={isCards ? 'grid-box cards' : 'grid-box'} style={style}>
      <div
        ref={scroll}
        className="grid-scroll"
        style={{ maxHeight: props.height }}
        role="grid"
        aria-label={label}
        aria-rowcount={(props.totalRows ?? rows.length) + 1}
        aria-colcount={lastColumn + 1}
        aria-multiselectable={onSelect !== undefined || undefined}
        aria-activedescendant={isActiveShown ? cellId(active.row, active.column) : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget }) => props.onAway?.(currentTarget.scrollTop > rowHeight / 2)}
        onFocus={(event) => event.target === event.currentTarget && active.row < 0 && moves.to(0)}
      >
        <div role="rowgroup" className={isCards ? 'hidden-text' : 'grid-top'}>
          <div role="row" className="grid-row" aria-rowindex={1}>
            {selected !== undefined && (
              <div role="columnheader" className="grid-head" aria-label="Selected" />
            )}
            {isCards ? (
              <div role="columnheader" aria-colindex={1}>
                {label}
              </div>
            ) : (
              headers.map(({ header, column }, i) => (
                <HeaderCell
                  key={header.id}
                  header={header}
                  column={column}
                  index={i}
                  resize={layout.resize}
                />
              ))
            )}
          </div>
        </div>
        <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <GridRow
                key={row.id}
                row={row.original}
                {...{ index, start, card }}
                height={isCards ? undefined : rowHeight}
                columns={headers.map(({ column }) => column)}
                activeColumn={index === active.row ? active.column : undefined}
                isSelected={selected === undefined ? undefined : selected.has(row.id)}
                className={`${row.id === props.openKey ? 'open' : ''} ${props.rowClass?.(row.original) ?? ''}`}
                cellId={(column) => cellId(index, column)}
                measure={isCards ? virtual.measureElement : undefined}
                onToggle={(isRange) => selection.toggle(index, isRange)}
                onPress={(column, { shiftKey, ctrlKey, metaKey }) => {
                  moves.to(index, column);
                  scroll.current?.focus({ preventScroll: true });
                  if (selection.canSelect && (shiftKey || ctrlKey || metaKey))
                    selection.toggle(index, shiftKey);
                  else onOpen?.(row.original);
                }}
              />
            );
          })}
        </div>
      </div>
      {rows.length === 0 && props.empty}
      {!isCards && (
        <ColumnChoice
          columns={layout.table.getAllLeafColumns()}
          titleOf={layout.titleOf}
          reset={layout.reset}
        />
      )}
    </div>
  );
}
