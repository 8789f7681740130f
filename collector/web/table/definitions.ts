import {
  type ColumnDef,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
} from '@tanstack/react-table';
import type { TableColumn } from './column.ts';

export const features = tableFeatures({
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});
export type Features = typeof features;

/** Narrowest and widest a column can be made, in pixels. */
const minWidth = 44;
const maxWidth = 1_600;

const byText = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return byText.compare(String(a), String(b));
}

/** What TanStack Table makes of our columns. */
export function definitionsOf<R extends object>(
  columns: readonly TableColumn<R>[],
): ColumnDef<Features, R>[] {
  return columns.map((column) => ({
    id: column.id,
    accessorFn: column.sortBy ?? column.text,
    size: column.width,
    ...{ minSize: Math.min(minWidth, column.width), maxSize: maxWidth },
    enableSorting: column.isSortable !== false,
    sortFn: (a, b, id) => compare(a.getValue(id), b.getValue(id)),
    sortUndefined: 'last',
    sortDescFirst: column.align === 'end',
  }));
}
