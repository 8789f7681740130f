import { type ColumnSizingState, type ColumnVisibilityState, useTable } from '@tanstack/react-table';
import { useEffect, useMemo, useState } from 'react';
import type { TableColumn, TableSort } from './column.ts';
import { definitionsOf, features } from './definitions.ts';
import { keepLayout, readLayout } from './kept-layout.ts';

const narrowest = 44;

interface LayoutProps<R extends object> {
  readonly name: string;
  readonly columns: readonly TableColumn<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string;
  readonly sort?: TableSort;
  readonly onSort?: (sort: TableSort | null) => void;
  readonly isSortedAlready?: true;
}

/** Rows in their order, columns as somebody chose and widened them; kept under `name`. */
export function useLayout<R extends object>(props: LayoutProps<R>) {
  const { name, columns, rows, rowKey, sort, onSort } = props;
  const definitions = useMemo(() => definitionsOf(columns), [columns]);
  const usual = useMemo(
    () => Object.fromEntries(columns.map((column) => [column.id, column.isHidden !== true])),
    [columns],
  );
  const [kept] = useState(() => readLayout(name));
  const [widths, setWidths] = useState<ColumnSizingState>({ ...kept.widths });
  const [visible, setVisible] = useState<ColumnVisibilityState>({ ...kept.visible });
  const [own, setOwn] = useState<readonly { id: string; desc: boolean }[]>([]);
  useEffect(() => keepLayout(name, { widths, visible }), [name, widths, visible]);
  const sorting = sort === undefined ? own : [{ id: sort.id, desc: sort.isDescending }];
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    columnResizeMode: 'onChange',
    manualSorting: props.isSortedAlready === true,
    enableMultiSort: false,
    state: { columnSizing: widths, columnVisibility: { ...usual, ...visible }, sorting: [...sorting] },
    onColumnSizingChange: setWidths,
    onColumnVisibilityChange: (change) =>
      setVisible((was) => (typeof change === 'function' ? change({ ...usual, ...was }) : change)),
    onSortingChange(change) {
      const next = typeof change === 'function' ? change([...sorting]) : change;
      if (sort === undefined) setOwn(next);
      else onSort?.(next[0] === undefined ? null : { id: next[0].id, isDescending: next[0].desc });
    },
  });
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const headers = (table.getHeaderGroups()[0]?.headers ?? []).flatMap((header) => {
    const column = byId.get(header.column.id);
    return column === undefined ? [] : [{ header, column }];
  });
  return {
    table,
    /** Those shown, in their order. */
    headers,
    rows: table.getRowModel().rows,
    titleOf: (id: string) => byId.get(id)?.title ?? id,
    /** Pixels the columns shown take at least. */
    width: headers.reduce((sum, { header }) => sum + header.getSize(), 0),
    /** Of the columns shown, for `grid-template-columns`. */
    template: headers
      .map(({ header, column }) => {
        const width = header.getSize();
        const grows = column.grows === true && widths[column.id] === undefined;
        return grows ? `minmax(${width}px, ${width}fr)` : `${width}px`;
      })
      .join(' '),
    resize: (id: string, width: number) => setWidths((was) => ({ ...was, [id]: Math.max(narrowest, width) })),
    reset() {
      setWidths({});
      setVisible({});
    },
  };
}
