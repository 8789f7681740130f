/** One statement from its text to its rows. */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import { csvLine } from '#shared/csv.ts';
import { VedetteError } from '#shared/errors.ts';
import type { NeededText, SqlColumn, SqlValue } from '../../contract.ts';
import type { RunEnd, RunPart, RunRequest } from './contract.ts';
import { engineFailure, failureOf } from './failure.ts';
import { type Token, tokensOf } from './lexer.ts';
import { type QuotedSql, quoteNames } from './names.ts';
import { withSigmaNames } from './sigma-names.ts';
import type { SegmentFile, Snapshot } from './snapshot.ts';
import { type CheckedStatement, checkPrepared, checkStatement } from './statement.ts';
import { lineOf, toPlain } from './values.ts';
import {
  type EventFile,
  eventsView,
  eventTypes,
  type HostName,
  knownNames,
  quoteText,
  type TimeRange,
  viewSql,
} from './views.ts';

/** A part of a result is sent when it is this large, so that no client makes us hold more. */
const partBytes = 128 * 1024;
/** Rows of values in a part. */
const partRows = 1024;

export interface RunDeps {
  /** What is stored of these types. */
  readonly take: (types: ReadonlySet<string>) => Promise<Snapshot>;
  /** Which columns the files of a snapshot have. */
  readonly columnsOf: (segments: readonly SegmentFile[]) => Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  readonly canHold: (segment: SegmentFile, needed: readonly NeededText[]) => boolean;
  readonly hosts: readonly HostName[];
  /** Whether it was interrupted, so that nothing more is to be run for it. */
  readonly isStopped: () => boolean;
}

const isWithin = (file: { minTime: number; maxTime: number }, { since, until }: TimeRange) =>
  (since === undefined || file.maxTime >= since) && (until === undefined || file.minTime <= until);

/** Files by type that may hold events of the range. */
async function filesOf(
  snapshot: Snapshot,
  { range, needed }: RunRequest,
  deps: RunDeps,
): Promise<Map<string, EventFile[]>> {
  const segments = snapshot.segments.filter((file) => isWithin(file, range) && deps.canHold(file, needed));
  const columns = await deps.columnsOf(segments);
  const files = new Map<string, EventFile[]>();
  const add = (type: string, file: EventFile) => files.set(type, [...(files.get(type) ?? []), file]);
  for (const { type, path, key } of segments) {
    add(type, { path, key, columns: columns.get(path) ?? new Set() });
  }
  for (const file of snapshot.tail) if (isWithin(file, range)) add(file.type, file);
  return files;
}

function typeOf(value: SqlValue): DuckDBType {
  switch (typeof value) {
    case 'bigint':
      return BIGINT;
    case 'number':
      return Number.isInteger(value) ? BIGINT : DOUBLE;
    case 'boolean':
      return BOOLEAN;
    case 'object':
      return value === null ? VARCHAR : LIST(typeOf(value[0] ?? ''));
    default:
      return VARCHAR;
  }
}

function bindable(value: SqlValue): DuckDBValue {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'object' && value !== null) return listValue(value.map(bindable));
  return value as DuckDBValue;
}

/** Binds every parameter of the statement; `hunt.parameter` for one that lacks a value or a value that lacks one. */
function bind(statement: DuckDBPreparedStatement, values: RunRequest['values']): void {
  const given = new Map<string, SqlValue>(
    Array.isArray(values)
      ? (values as readonly SqlValue[]).map((value, i) => [String(i + 1), value])
      : Object.entries(values as Readonly<Record<string, SqlValue>>),
  );
  for (let i = 1; i <= statement.parameterCount; i++) {
    const name = statement.parameterName(i);
    const value = given.get(name);
    if (value === undefined) throw new VedetteError('hunt.parameter', `The parameter $${name} has no value.`);
    given.delete(name);
    if (value === null) statement.bindNull(i);
    else statement.bindValue(i, bindable(value), typeOf(value));
  }
  const [left] = given.keys();
  if (left !== undefined)
    throw new VedetteError('hunt.parameter', `The statement has no parameter $${left}.`);
}

/** Columns of a statement or a result; undefined while the type of one depends on a parameter's. */
function columnsOf(from: DuckDBPreparedStatement | DuckDBResult): readonly SqlColumn[] | undefined {
  const places = Array.from({ length: from.columnCount }, (_, i) => i);
  if (places.some((i) => from.columnTypeId(i) === DuckDBTypeId.INVALID)) return undefined;
  return places.map((i) => ({ name: from.columnName(i), type: String(from.columnType(i)) }));
}

/** Gathers rows into parts, and ends the result at its bounds. */
class Parts {
  readonly #request: RunRequest;
  readonly #line: ((row: readonly DuckDBValue[]) => string) | undefined;
  #rows: SqlValue[][] = [];
  #text = '';
  #textRows = 0;
  #bytes = 0;
  count = 0;

  constructor(request: RunRequest, names: readonly string[]) {
    this.#request = request;
    const { form } = request;
    if (typeof form === 'string' && form !== 'values') this.#line = lineOf(form, names);
  }

  /** What stands before the rows; it leaves with the first of them, or with the end. */
  head(text: string): void {
    this.#text = text;
  }

  /** Gives a part when one is full. */
  add(row: readonly DuckDBValue[]): RunPart | undefined {
    this.count++;
    if (this.#line === undefined) {
      const values = row.map(toPlain);
      this.#rows.push(values);
      this.#take(
        values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0),
      );
      return this.#rows.length >= partRows ? this.rest() : undefined;
    }
    const line = this.#line(row);
    this.#text += line;
    this.#textRows++;
    this.#take(line.length);
    return this.#text.length >= partBytes ? this.rest() : undefined;
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    const { maxBytes } = this.#request.bounds;
    if (this.#bytes > maxBytes)
      throw new VedetteError('hunt.limit', `The result is larger than ${maxBytes} bytes.`);
  }

  rest(): RunPart | undefined {
    if (this.#rows.length > 0) {
      const rows = this.#rows;
      this.#rows = [];
      return { part: 'values', rows };
    }
    if (this.#text === '') return undefined;
    const part = { part: 'text', text: this.#text, rows: this.#textRows } as const;
    this.#text = '';
    this.#textRows = 0;
    return part;
  }
}

/** Column that is true in the one row that we put after the last. */
const mark = '"vedette.last"';

/** The statement without the semicolons, spaces and comments at its end. */
function withoutEnd(sql: string): string {
  const tokens = [...tokensOf(sql)];
  const isEnd = (token: Token | undefined) =>
    token !== undefined && (token.kind === 'space' || token.kind === 'comment' || token.text === ';');
  while (isEnd(tokens.at(-1))) tokens.pop();
  return tokens.map(({ text }) => text).join('');
}

/** A statement that was checked, bound to a snapshot and prepared on a connection of its own. */
export class Run {
  readonly #connection: DuckDBConnection;
  readonly #request: RunRequest;
  readonly #deps: RunDeps;
  #snapshot: Snapshot | undefined;
  #quoted: QuotedSql;
  #views: readonly string[] = [];
  /** Bytes that stand before the statement in what the engine was given. */
  #shift = 0;

  constructor(connection: DuckDBConnection, request: RunRequest, deps: RunDeps) {
    this.#connection = connection;
    this.#request = request;
    this.#deps = deps;
    this.#quoted = quoteNames(request.sql, knownNames);
  }

  /** Its parts: columns, rows, end. Throws `hunt.*`. */
  async *parts(): AsyncGenerator<RunPart> {
    try {
      const checked = await checkStatement(this.#connection, this.#quoted, this.#request.maxSqlLength);
      this.#views = checked.views;
      this.#quoted = withSigmaNames(this.#quoted, checked.columns, checked.given, checked.views);
      await this.#makeViews(checked);
      // Statements of ours give values; binding them once more only to be told what they are would take as long again.
      if (this.#request.form === 'values' && !checked.isExplain) {
        yield* this.#stream(undefined);
        return;
      }
      const statement = await this.#connection.prepare(this.#quoted.sql);
      checkPrepared(statement.statementType);
      bind(statement, this.#request.values);
      const { form } = this.#request;
      if (typeof form === 'object') yield await this.#writeParquet(form.parquet, checked);
      else yield* checked.isExplain ? this.#explain(statement) : this.#stream(statement);
    } catch (error) {
      const failure = engineFailure(error);
      if (failure === undefined) throw error;
      const { position } = failure;
      const placed = position === undefined ? failure : { ...failure, position: position - this.#shift };
      throw failureOf(placed, this.#quoted, this.#views);
    } finally {
      for (const view of this.#views)
        await this.#connection.run(`DROP VIEW IF EXISTS "${view}"`).catch(() => undefined);
      this.#snapshot?.release();
    }
  }

  async #makeViews({ views }: CheckedStatement): Promise<void> {
    const { range } = this.#request;
    const types = views.includes(eventsView) ? eventTypes : views;
    this.#snapshot = await this.#deps.take(new Set(types));
    if (this.#deps.isStopped()) throw new VedetteError('hunt.cancelled', 'It had not begun.');
    const files = await filesOf(this.#snapshot, this.#request, this.#deps);
    for (const view of views) await this.#connection.run(viewSql(view, files, range, this.#deps.hosts));
  }

  #end(rows: number, isCut: boolean): RunEnd {
    return { part: 'end', rows, isCut, damagedBatches: this.#snapshot?.damagedBatches ?? 0 };
  }

  /** Prepares our statement around one that was checked; errors are placed in the latter. */
  async #prepareAround(head: string, tail: string): Promise<DuckDBPreparedStatement> {
    this.#shift = Buffer.byteLength(head);
    const statement = await this.#connection.prepare(`${head}${withoutEnd(this.#quoted.sql)}${tail}`);
    bind(statement, this.#request.values);
    return statement;
  }

  async *#stream(statement: DuckDBPreparedStatement | undefined): AsyncGenerator<RunPart> {
    const { bounds, form } = this.#request;
    // Told before it runs where that can be: a statement that gives columns has begun.
    const early = statement && columnsOf(statement);
    if (early !== undefined) yield { part: 'columns', columns: early };
    const marked = await this.#prepareAround(
      `SELECT *, false AS ${mark} FROM (SELECT * FROM (`,
      `) LIMIT ${bounds.maxRows + 1}) UNION ALL BY NAME SELECT true AS ${mark}`,
    );
    const result = await marked.stream();
    if (early === undefined) yield { part: 'columns', columns: columnsOf(result)?.slice(0, -1) ?? [] };
    const names = result.deduplicatedColumnNames().slice(0, -1);
    const parts = new Parts(this.#request, names);
    if (form === 'csv') parts.head(csvLine(names));
    let isCut = false;
    for await (const row of this.#rowsOf(result)) {
      isCut = parts.count === bounds.maxRows;
      if (isCut) break;
      const full = parts.add(row);
      if (full !== undefined) yield full;
    }
    const rest = parts.rest();
    if (rest !== undefined) yield rest;
    yield this.#end(parts.count, isCut);
  }

  /**
   * Rows up to the mark that our statement puts after the last. The engine's C interface ends a stream that fails in
   * the middle like one that is over, so the mark alone tells that nothing is missing.
   */
  async *#rowsOf(result: DuckDBResult): AsyncGenerator<readonly DuckDBValue[]> {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) throw await this.#whyItBroke();
      for (const row of chunk.getRows()) {
        if (row.pop() === true) return;
        yield row;
      }
    }
  }

  /** Runs the statement once more in a way that tells its error. */
  async #whyItBroke(): Promise<unknown> {
    if (this.#deps.isStopped()) return new VedetteError('hunt.cancelled', 'It was interrupted.');
    const statement = await this.#prepareAround('SELECT count(*) FROM (SELECT DISTINCT * FROM (', '))');
    try {
      await statement.run();
    } catch (error) {
      return error;
    }
    return new VedetteError('hunt.failed', 'The rows broke off before their end.');
  }

  /** A plan is few rows, and cannot stand within another statement. */
  async *#explain(statement: DuckDBPreparedStatement): AsyncGenerator<RunPart> {
    const result = await statement.run();
    const columns = columnsOf(result) ?? [];
    yield { part: 'columns', columns };
    const parts = new Parts(
      this.#request,
      columns.map(({ name }) => name),
    );
    for (const row of await result.getRows()) {
      const full = parts.add(row);
      if (full !== undefined) yield full;
    }
    const rest = parts.rest();
    if (rest !== undefined) yield rest;
    yield this.#end(parts.count, false);
  }

  /** The engine writes the file itself, by a statement of ours around one that was checked to read only. */
  async #writeParquet(path: string, { isExplain }: CheckedStatement): Promise<RunPart> {
    if (isExplain) throw new VedetteError('hunt.invalid', 'EXPLAIN gives no rows to put into a file.');
    const { maxRows } = this.#request.bounds;
    const to = `TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`;
    const statement = await this.#prepareAround('COPY (SELECT * FROM (', `) LIMIT ${maxRows}) ${to}`);
    const result = await statement.run();
    const rows = Number((await result.getRows())[0]?.[0] ?? 0);
    return this.#end(rows, rows === maxRows);
  }
}
