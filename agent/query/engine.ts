import Database from 'better-sqlite3';
import { VedetteError } from '#shared/errors.ts';
import { type QueryEnd, queryBounds } from '#shared/query/bounds.ts';
import { refusalOf } from '#shared/query/statement.ts';
import { type TableName, tableNames, tableSpecs } from '#shared/tables/registry.ts';
import type { TableRow, TableSpec } from '#shared/tables/spec.ts';
import { type BoundTable, bind, lacking } from './bindings.ts';
import { PartWriter } from './part-writer.ts';
import type { QueryHost, TableLookup } from './reader.ts';
import { tableLookups, tableReaders } from './readers.ts';
import { withoutLikePath } from './rewrite.ts';

export interface QueryBounds {
  readonly rows: number;
  readonly bytes: number;
  /** Of one part. */
  readonly partBytes: number;
}

/** Takes a part (`QueryPart` as JSON); the next is made when this has resolved. */
export type TakePart = (part: Buffer) => Promise<void>;

/** Most rows read of one table; a query over more is refused. */
const maxTableRows = 500_000;
/** Rows beyond the bounds that are counted before the query is ended. */
const maxCounted = 100_000;
/** Rows between two looks at whether something else wants to run. */
const breathRows = 1000;

/**
 * Answers one statement from the tables it names. Nothing it can say writes, opens a file or loads code: the database
 * is an empty one in memory, the one statement must be a reader that changes nothing, and functions of SQLite that
 * reach outside are not in the build or switched off. Throws `query.*`. How long it runs and how much memory it takes
 * is for whoever started the process to bound.
 */
export async function runQuery(
  sql: string,
  host: QueryHost,
  bounds: QueryBounds,
  take: TakePart,
): Promise<QueryEnd> {
  const beganMs = performance.now();
  const refusal = refusalOf(sql);
  if (refusal !== undefined) throw refusal;
  const used = await usedTables(sql, host);
  let hasGiven = false;
  const taking: TakePart = (part) => {
    hasGiven = true;
    return take(part);
  };
  for (const attempt of attemptsOf(used)) {
    const db = new Database(':memory:');
    // What a query gathers counts as memory, which is bounded; a file on the disk of the host would not be.
    db.pragma('temp_store = memory');
    try {
      const end = await answer(db, sql, attempt, host, bounds, taking);
      return { ...end, tookMs: Math.round(performance.now() - beganMs) };
    } catch (error) {
      if (hasGiven || !isOtherBindingWorthTrying(error)) throw coded(error);
    } finally {
      db.close();
    }
  }
  const first = used.find((one) => one.lookup !== undefined) as UsedTable;
  throw lacking(first.spec);
}

interface UsedTable {
  readonly spec: TableSpec;
  readonly rows?: readonly TableRow[];
  readonly lookup?: TableLookup;
}

/** Tables whose names stand in the statement; one that is only the name of a column is read in vain. */
async function usedTables(sql: string, host: QueryHost): Promise<readonly UsedTable[]> {
  const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g));
  const used: UsedTable[] = [];
  for (const name of tableNames) {
    if (!words.has(name)) continue;
    const spec: TableSpec = tableSpecs[name];
    if (spec.system !== undefined && spec.system !== process.platform)
      throw new VedetteError('query.table_unavailable', `${name} is there on ${spec.system} only.`);
    const lookup = tableLookups[name];
    if (lookup !== undefined) used.push({ spec, lookup: await lookup() });
    else used.push({ spec, rows: await readTable(name, host) });
  }
  return used;
}

async function readTable(name: TableName, host: QueryHost): Promise<readonly TableRow[]> {
  const load = tableReaders[name];
  if (load === undefined) throw new Error(`Nothing reads the table ${name}.`);
  const read = await load();
  const rows: TableRow[] = [];
  for (const row of await read(host)) {
    if (rows.length >= maxTableRows)
      throw new VedetteError('query.too_large', `${name} has more than ${maxTableRows} rows.`);
    rows.push(row);
  }
  return rows;
}

/** Every way to bind the tables that are looked up; which one a statement means shows when it runs. */
function attemptsOf(used: readonly UsedTable[]): readonly (readonly BoundTable[])[] {
  return used.reduce<readonly (readonly BoundTable[])[]>(
    (ways, { spec, rows, lookup }) =>
      ways.flatMap((way) =>
        lookup === undefined
          ? [[...way, { spec, rows: rows ?? [] }]]
          : (spec.lookedUpBy ?? []).map((by) => [...way, { spec, lookup, by }]),
      ),
    [[]],
  );
}

async function answer(
  db: Database.Database,
  sql: string,
  tables: readonly BoundTable[],
  host: QueryHost,
  bounds: QueryBounds,
  take: TakePart,
): Promise<Omit<QueryEnd, 'tookMs'>> {
  for (const table of tables) bind(db, table, host);
  const isByPattern = tables.some((table) => 'by' in table && table.by === 'pattern');
  const statement = db.prepare(isByPattern ? withoutLikePath(sql) : sql);
  if (!statement.reader || !statement.readonly)
    throw new VedetteError('query.refused', 'It is not a statement that only reads.');
  const columns = distinct(statement.columns().map((column) => column.name));
  const parts = new PartWriter(columns, bounds.partBytes);
  let given = 0;
  let left = 0;
  let seen = 0;
  for (const row of statement.raw().iterate() as IterableIterator<readonly unknown[]>) {
    if (++seen % breathRows === 0) await new Promise((resolve) => setImmediate(resolve));
    if (left >= maxCounted) break;
    if (left > 0 || given >= bounds.rows || !parts.add(row, bounds.bytes)) {
      left++;
      continue;
    }
    given++;
    for (let part = parts.takeFull(); part !== undefined; part = parts.takeFull()) await take(part);
  }
  const last = parts.takeRest();
  if (last !== undefined) await take(last);
  return { columns, rows: given, cut: left, isMore: left >= maxCounted };
}

/** Of columns with one name the later ones are numbered, as SQLite does within a statement: `pid`, `pid:1`. */
function distinct(names: readonly string[]): readonly string[] {
  if (names.length > queryBounds.maxColumns)
    throw new VedetteError(
      'query.too_large',
      `${names.length} columns; the bound is ${queryBounds.maxColumns}.`,
    );
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let i = 1; taken.has(own); i++) own = `${name}:${i}`;
    taken.add(own);
    return own;
  });
}

function isOtherBindingWorthTrying(error: unknown): boolean {
  if (error instanceof VedetteError) return error.code === 'query.constraint_missing';
  return (
    error instanceof Error && /^virtual table parameter ".*" can only be constrained by/.test(error.message)
  );
}

function coded(error: unknown): VedetteError {
  if (error instanceof VedetteError) return error;
  const { code, message } = error as { code?: string; message: string };
  if (code === 'SQLITE_NOMEM' || code === 'SQLITE_TOOBIG')
    return new VedetteError('query.too_large', `${message}.`);
  return new VedetteError('query.invalid', `${message}.`);
}
