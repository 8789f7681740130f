import type Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import type { ColumnSpec, TableRow, TableSpec } from '#shared/tables/spec.ts';
import type { QueryHost, TableLookup } from './reader.ts';

/** A table as one query sees it: read whole before it, or looked up within it by one of its columns. */
export type BoundTable =
  | { readonly spec: TableSpec; readonly rows: readonly TableRow[] }
  | { readonly spec: TableSpec; readonly lookup: TableLookup; readonly by: string };

const quoted = (name: string) => `"${name}"`;

function typed([name, [type]]: readonly [string, ColumnSpec]): string {
  return `CAST(${quoted(name)} AS ${type.toUpperCase()}) AS ${quoted(name)}`;
}

/**
 * Makes a table readable under its name. The virtual table behind a table that was read is scanned once into a copy
 * that SQLite keeps for the query, so that a join does not scan it for each row and may index it. Columns have the
 * types they declare: numbers of a virtual table would all be floating.
 */
export function bind(db: Database.Database, table: BoundTable, host: QueryHost): void {
  const { spec } = table;
  const columns = Object.entries(spec.columns);
  const names = columns.map(([name]) => name);
  const valuesOf = (row: TableRow, among: readonly string[]) => among.map((name) => row[name] ?? null);
  const behind = quoted(`${spec.name} now`);
  db.exec(`DROP VIEW IF EXISTS ${quoted(spec.name)}`);
  if ('rows' in table) {
    db.table(`${spec.name} now`, {
      columns: names,
      *rows() {
        for (const row of table.rows) yield valuesOf(row, names);
      },
    });
    db.exec(
      `CREATE VIEW ${quoted(spec.name)} AS
       WITH now AS MATERIALIZED (SELECT ${columns.map(typed).join()} FROM ${behind}) SELECT * FROM now`,
    );
    return;
  }
  const { lookup, by } = table;
  const others = columns.filter(([name]) => name !== by);
  const otherNames = others.map(([name]) => name);
  const source = `${spec.name} by ${by}`;
  db.table(source, {
    columns: otherNames,
    parameters: [by],
    *rows(value: unknown) {
      if (value === undefined) throw lacking(spec);
      for (const row of lookup(host, by, String(value))) yield valuesOf(row, otherNames);
    },
  });
  const shown = columns.map((column) => (column[0] === by ? quoted(by) : typed(column)));
  db.exec(`CREATE VIEW ${quoted(spec.name)} AS SELECT ${shown.join()} FROM ${quoted(source)}`);
}

/** The refusal of a query that would have to look up everything. */
export function lacking(spec: TableSpec): VedetteError {
  const columns = (spec.lookedUpBy ?? []).map((name) => `${name} = …`).join(' or ');
  return new VedetteError('query.constraint_missing', `${spec.name} needs ${columns} in the query.`);
}
