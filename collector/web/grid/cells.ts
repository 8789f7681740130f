/** Columns of answers, whatever was asked. */
export type ColumnKind = 'text' | 'number' | 'instant';

export interface GridColumn {
  /** Of this column among those of the answer: names need not differ. */
  readonly id: string;
  readonly name: string;
  readonly kind: ColumnKind;
}

export type GridRow = readonly unknown[];

const numberTypes = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|REAL|DECIMAL(?:\(.*\))?)$/;

/** Of a type as DuckDB writes it. */
export function kindOf(type: string): ColumnKind {
  if (/^(?:TIMESTAMP[^[]*|DATE)$/.test(type)) return 'instant';
  return numberTypes.test(type) ? 'number' : 'text';
}

/** Columns by what the answer says of them. */
export function columnsOf(
  named: readonly { readonly name: string; readonly kind: ColumnKind }[],
): readonly GridColumn[] {
  return named.map((column, i) => ({ id: `c${i}`, ...column }));
}

/** A value as one line of text. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cellText).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [cellText(a), cellText(b)];
  // What is absent goes last, whichever way.
  if (left === '' || right === '') return left === right ? 0 : left === '' ? 1 : -1;
  return left < right ? -1 : left > right ? 1 : 0;
}

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

/** The rows in another order; those that are alike stay as they were. */
export function sorted(rows: readonly GridRow[], sorting: Sorting | null): readonly GridRow[] {
  if (sorting === null) return rows;
  const { column, descending } = sorting;
  return rows.toSorted((a, b) => {
    const isAbsent = cellText(a[column]) === '' || cellText(b[column]) === '';
    const order = compare(a[column], b[column]);
    return descending && !isAbsent ? -order : order;
  });
}
