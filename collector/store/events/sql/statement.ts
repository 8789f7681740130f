/** Which statements may run: one, that only reads, and only what is stored. */
import { type DuckDBConnection, StatementType } from '@duckdb/node-api';
import { VedetteError } from '#shared/errors.ts';
import { failureOf } from './failure.ts';
import { tokensOf } from './lexer.ts';
import type { QuotedSql } from './names.ts';
import { nearNames } from './near-names.ts';
import type { ColumnRef } from './sigma-names.ts';
import { eventsView, eventTypes } from './views.ts';

/**
 * Functions that may stand where tables do. Others read files, run text as SQL or change how the engine works, some of
 * them even from within a SELECT (`enable_logging`).
 */
const tableFunctions: ReadonlySet<string> = new Set([
  'range',
  'generate_series',
  'unnest',
  'json_each',
  'json_tree',
  'generate_subscripts',
]);
/** Functions that do more than make a value of values. */
const refusedFunctions: ReadonlySet<string> = new Set([
  'getenv',
  'current_setting',
  'write_log',
  'nextval',
  'currval',
  'setseed',
  'getvariable',
  'in_search_path',
  'txid_current',
]);
const readsFile = /^(?:read|parquet|sniff|glob|copy|load|pragma|duckdb)_|^glob$/;

const views: ReadonlyMap<string, string> = new Map(
  [eventsView, ...eventTypes].map((view) => [view.toLowerCase(), view]),
);

export interface CheckedStatement {
  /** Views it names; all of them when it asks which there are. */
  readonly views: readonly string[];
  /** EXPLAIN of a statement, whose plan is a text to be shown as it is. */
  readonly isExplain: boolean;
  /** Columns it names, with their places in the whole of it. */
  readonly columns: readonly ColumnRef[];
  /** Names it gives to columns, tables and parameters of lambdas, in lower case. */
  readonly given: ReadonlySet<string>;
}

/** Leading EXPLAIN or EXPLAIN ANALYZE, with what is before it; undefined when there is none. */
function explainPrefix(sql: string): string | undefined {
  const words = tokensOf(sql).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  const [first, second, third] = words;
  if (first?.text.toLowerCase() !== 'explain') return undefined;
  const rest = second?.text.toLowerCase() === 'analyze' ? third : second;
  return rest === undefined ? undefined : sql.slice(0, rest.start);
}

type Tree = Readonly<Record<string, unknown>>;

/** What a parsed statement names, wherever in it. */
interface Mentioned {
  readonly tables: { readonly name: string; readonly isQualified: boolean }[];
  readonly tableFunctions: string[];
  readonly functions: string[];
  readonly ctes: Set<string>;
  readonly columns: ColumnRef[];
  readonly given: Set<string>;
  asksForTables: boolean;
}

function walk(node: unknown, found: Mentioned): void {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const tree = node as Tree;
  const type = tree['type'];
  if (type === 'BASE_TABLE') {
    const parts = [tree['catalog_name'], tree['schema_name'], tree['table_name']];
    const written = parts.filter((part) => typeof part === 'string' && part !== '');
    found.tables.push({ name: written.join('.'), isQualified: written.length > 1 });
  } else if (type === 'TABLE_FUNCTION') {
    found.tableFunctions.push(String((tree['function'] as Tree)['function_name']));
  } else if (type === 'SHOW_REF' && tree['query'] === null) found.asksForTables = true;
  if (tree['class'] === 'FUNCTION') found.functions.push(String(tree['function_name']));
  noteNames(tree, found);
  const ctes = (tree['cte_map'] as { map?: readonly { key: string }[] } | undefined)?.map ?? [];
  for (const { key } of ctes) found.ctes.add(key.toLowerCase());
  if (typeof tree['cte_name'] === 'string') found.ctes.add(tree['cte_name'].toLowerCase());
  for (const value of Object.values(tree)) walk(value, found);
}

function noteNames(tree: Tree, { columns, given }: Mentioned): void {
  const namesOf = (value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter((name) => typeof name === 'string' && name !== '');
  if (tree['class'] === 'COLUMN_REF')
    columns.push({ parts: namesOf(tree['column_names']), at: Number(tree['query_location']) });
  if (tree['class'] === 'LAMBDA')
    for (const name of namesOf((tree['lhs'] as Tree | null)?.['column_names'])) given.add(name.toLowerCase());
  for (const [key, value] of Object.entries(tree))
    if (key.includes('alias')) for (const name of namesOf(value)) given.add(name.toLowerCase());
}

async function parse(connection: DuckDBConnection, sql: string): Promise<Tree> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  return JSON.parse(String(reader.getRows()[0]?.[0])) as Tree;
}

const readOnly = (detail: string) => new VedetteError('hunt.refused', detail);

function checkTables({ tables, ctes }: Mentioned): readonly string[] {
  const named = new Set<string>();
  for (const { name, isQualified } of tables) {
    const lower = name.toLowerCase();
    if (!isQualified && ctes.has(lower)) continue;
    const view = views.get(lower);
    if (view === undefined || isQualified) {
      const near = nearNames(name, views.values());
      const hint =
        near.length === 0 ? 'There is one for each event type, and events.' : `Near: ${near.join(', ')}.`;
      throw new VedetteError('hunt.unknown_name', `There is no table ${name}. ${hint}`);
    }
    named.add(view);
  }
  return [...named];
}

function checkFunctions(found: Mentioned): void {
  for (const name of found.tableFunctions) {
    if (!tableFunctions.has(name.toLowerCase()))
      throw readOnly(
        `The table function ${name} is not for hunts; there are ${[...tableFunctions].join(', ')}.`,
      );
  }
  for (const name of found.functions) {
    const lower = name.toLowerCase();
    if (refusedFunctions.has(lower) || readsFile.test(lower))
      throw readOnly(`The function ${name} is not for hunts.`);
  }
}

/**
 * Checks a statement by the engine's own parser before anything of it is bound. Throws `hunt.refused`,
 * `hunt.unknown_name` for a table that is none, `hunt.invalid` for what does not parse.
 */
export async function checkStatement(
  connection: DuckDBConnection,
  quoted: QuotedSql,
  maxLength: number,
): Promise<CheckedStatement> {
  const { sql } = quoted;
  if (sql.length > maxLength)
    throw new VedetteError('hunt.invalid', `The statement is longer than ${maxLength} characters.`);
  const prefix = explainPrefix(sql) ?? '';
  const tree = await parse(connection, sql.slice(prefix.length));
  if (tree['error'] === true) {
    if (tree['error_type'] !== 'parser')
      throw readOnly(
        'A hunt is one statement: SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN.',
      );
    const { error_message: message, position } = tree;
    throw failureOf(
      { message: String(message), position: Number(position) + Buffer.byteLength(prefix) },
      quoted,
      [],
    );
  }
  const statements = tree['statements'] as readonly unknown[];
  if (statements.length !== 1) throw readOnly(`A hunt is one statement, not ${statements.length}.`);
  const found: Mentioned = {
    tables: [],
    tableFunctions: [],
    functions: [],
    ctes: new Set(),
    columns: [],
    given: new Set(),
    asksForTables: false,
  };
  walk(statements, found);
  checkFunctions(found);
  const named = checkTables(found);
  const { given } = found;
  const shift = Buffer.byteLength(prefix);
  const columns = found.columns.map(({ parts, at }) => ({ parts, at: at + shift }));
  return {
    views: found.asksForTables ? [...views.values()] : named,
    isExplain: prefix !== '',
    columns,
    given,
  };
}

/** What the engine itself calls the statement, once prepared: the second lock on the same door. */
export function checkPrepared(type: StatementType): void {
  if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN) throw readOnly('A hunt only reads.');
}
