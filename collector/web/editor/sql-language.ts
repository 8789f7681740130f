import { autocompletion, type Completion, type CompletionContext } from '@codemirror/autocomplete';
import { PostgreSQL, SQLite, sql } from '@codemirror/lang-sql';
import type { Extension } from '@codemirror/state';

export interface SqlTable {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly doc: string }[];
}

const keywords =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT HAVING JOIN LEFT USING ON AND OR NOT IN LIKE ILIKE IS NULL BETWEEN AS DISTINCT WITH UNION ALL CASE WHEN THEN ELSE END DESC ASC INTERVAL EXISTS OVER PARTITION QUALIFY FILTER'.split(
    ' ',
  );
const functions =
  'count sum avg min max now date_trunc time_bucket list_contains unnest lower upper length regexp_matches regexp_extract coalesce string_agg list arg_max arg_min median quantile_cont row_number lag lead'.split(
    ' ',
  );

const keywordItems: readonly Completion[] = keywords.map((label) => ({ label, type: 'keyword' }));

/** Tables that a statement names, in the order they are declared. */
function named(tables: readonly SqlTable[], statement: string): readonly SqlTable[] {
  const words = new Set(statement.toLowerCase().match(/[\w.]+/g));
  return tables.filter(({ name }) => words.has(name.toLowerCase()));
}

/** Names of columns by what they are, those of the tables the statement names before all others. */
function columnItems(tables: readonly SqlTable[], boost: number): Map<string, Completion> {
  const items = new Map<string, Completion>();
  for (const table of tables) {
    for (const { name, type, doc } of table.columns) {
      if (!items.has(name))
        items.set(name, { label: name, type: 'property', detail: type, info: doc, boost });
    }
  }
  return items;
}

/** Completes names of tables after FROM and JOIN, columns elsewhere; names have dots and need no quotes. */
function source(tables: readonly SqlTable[], functionItems: readonly Completion[]) {
  const tableItems = tables.map(({ name, doc }): Completion => ({ label: name, type: 'class', info: doc }));
  const every = columnItems(tables, -10);
  return (context: CompletionContext) => {
    const word = context.matchBefore(/[\w.]+/);
    if (word === null && !context.explicit) return null;
    const text = context.state.doc.toString();
    const from = word?.from ?? context.pos;
    if (/\b(?:from|join)\s+$/i.test(text.slice(0, from)))
      return { from, options: tableItems, validFor: /^[\w.]*$/ };
    // Behind an alias only the name of the column is completed.
    const alias = /^[a-z]\./i.exec(word?.text ?? '')?.[0].length ?? 0;
    const own = columnItems(named(tables, text), 20);
    const others = [...every.values()].filter(({ label }) => !own.has(label));
    const columns = [...own.values(), ...others];
    const options = alias > 0 ? columns : [...columns, ...tableItems, ...keywordItems, ...functionItems];
    return { from: from + alias, options, validFor: /^[\w.]*$/ };
  };
}

/** SQL with these tables. Statements over events are DuckDB's, those to hosts SQLite's. */
export function sqlLanguage(tables: readonly SqlTable[], dialect: 'duckdb' | 'sqlite'): Extension {
  const items = functions.map((label): Completion => ({ label, type: 'function' }));
  return [
    sql({ dialect: dialect === 'sqlite' ? SQLite : PostgreSQL }),
    autocompletion({ override: [source(tables, items)], icons: false }),
  ];
}
