/** What a declaration of a table of live queries holds: facts, no functions. Names are those of osquery's users. */

export type ColumnType = 'text' | 'integer' | 'real';
export type ColumnSpec = readonly [type: ColumnType, doc: string];

export interface TableSpec {
  readonly name: string;
  readonly doc: string;
  /** Systems that have it; absent: all. */
  readonly system?: 'linux';
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  /** The table is looked up, not read whole: one of these columns must be compared with `=` or `IN`. */
  readonly lookedUpBy?: readonly string[];
}

interface ColumnValues {
  text: string;
  integer: number;
  real: number;
}

/** A row as a reader gives it; what is absent or undefined is NULL. */
export type RowOf<S extends TableSpec> = {
  readonly [C in keyof S['columns']]?: ColumnValues[S['columns'][C][0]] | undefined;
};
export type TableRow = Readonly<Record<string, string | number | undefined>>;
