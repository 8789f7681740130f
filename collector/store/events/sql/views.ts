/** The views that hunts ask: one for each event type, and `events` over all. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { columnsOf, originColumns } from '../../segments/layout.ts';
import type { ColumnForm } from '../../segments/parquet/file.ts';

export const eventsView = 'events';

const sqlTypes: Readonly<Record<ColumnForm, string>> = {
  string: 'VARCHAR',
  int: 'BIGINT',
  time: 'TIMESTAMP',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  strings: 'VARCHAR[]',
};

/** Columns that views have besides those of segments. */
export const derivedColumns = ['type', 'host.name', 'event.id'] as const;

export const eventTypes: readonly string[] = Object.keys(eventSpecs);

/** Every name that is understood without quotes, by its lower-case form. */
export const knownNames: ReadonlyMap<string, string> = new Map(
  [
    ...eventTypes,
    ...derivedColumns,
    ...Object.values<EventSpec>(eventSpecs).flatMap((spec) => columnsOf(spec).map(({ name }) => name)),
  ].map((name) => [name.toLowerCase(), name]),
);

/** Names of the columns of a view. */
export function columnNames(view: string): readonly string[] {
  const types = view === eventsView ? eventTypes : [view];
  const names = types.flatMap((type) => columnsOf(specOf(type)).map(({ name }) => name));
  return [...new Set([...derivedColumns, ...names])];
}

function specOf(type: string): EventSpec {
  return eventSpecs[type as keyof typeof eventSpecs];
}

/** A Parquet file of one type, and which columns it has: older files lack fields that were declared since. */
export interface EventFile {
  readonly path: string;
  /** Id of the key it is encrypted under; null in the clear. */
  readonly key: string | null;
  readonly columns: ReadonlySet<string>;
}

export interface TimeRange {
  /** Inclusive, microseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
}

export interface HostName {
  readonly id: string;
  readonly name: string;
}

export const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;
const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;

function rangeClause({ since, until }: TimeRange): string {
  const tests = [
    ...(since === undefined ? [] : [`"time" >= make_timestamp(${Math.trunc(since)})`]),
    ...(until === undefined ? [] : [`"time" <= make_timestamp(${Math.trunc(until)})`]),
  ];
  return tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`;
}

/** Columns of segments, as the files give them; one SELECT for each key and set of columns that files have. */
function rowsOf(type: string, files: readonly EventFile[], range: TimeRange): string {
  const columns = columnsOf(specOf(type));
  const nothing = ({ name, form }: (typeof columns)[number]) =>
    `NULL::${sqlTypes[form]} AS ${quoteName(name)}`;
  if (files.length === 0) return `SELECT ${columns.map(nothing).join(', ')} WHERE false`;
  const alike = new Map<string, EventFile[]>();
  for (const file of files) {
    const key = columns.map(({ name }) => (file.columns.has(name) ? '1' : '0')).join('') + file.key;
    alike.set(key, [...(alike.get(key) ?? []), file]);
  }
  const selects = [...alike.values()].map((group) => {
    const { columns: has, key } = group[0] as EventFile;
    const list = columns.map((column) => (has.has(column.name) ? quoteName(column.name) : nothing(column)));
    const paths = group.map(({ path }) => quoteText(path)).join(', ');
    const encryption = key === null ? '' : `, encryption_config = {footer_key: ${quoteText(key)}}`;
    return `SELECT ${list.join(', ')} FROM read_parquet([${paths}], hive_partitioning = false${encryption})${rangeClause(range)}`;
  });
  return selects.join(' UNION ALL ');
}

/**
 * The name of a row's host, looked up by position: costs nothing where nobody asks for it, which a join would.
 */
function hostNameOf(hosts: readonly HostName[]): string {
  if (hosts.length === 0) return `'unnamed'`;
  const ids = hosts.map(({ id }) => quoteText(id)).join(', ');
  const names = hosts.map(({ name }) => quoteText(name)).join(', ');
  return `coalesce([${names}][enum_code(try_cast("host.id" AS ENUM(${ids}))) + 1], 'unnamed')`;
}

const eventIdOf = `concat_ws(':', "host.id", "event.stream", "event.sequence", "event.index")`;

function derived(rows: string, type: string, columns: readonly string[], hosts: readonly HostName[]): string {
  const origin = new Set<string>(originColumns.map(({ name }) => name));
  const fields = columns.filter((name) => !origin.has(name));
  const list = [
    '"time"',
    `${type} AS "type"`,
    `${hostNameOf(hosts)} AS "host.name"`,
    '"host.id"',
    `${eventIdOf} AS "event.id"`,
    ...[...fields, 'event.ingested', 'event.stream', 'event.sequence', 'event.index'].map(quoteName),
  ];
  return `SELECT ${list.join(', ')} FROM (${rows})`;
}

/** Every column of segments of any type, without a value. */
const noColumns = [
  ...new Map(
    Object.values<EventSpec>(eventSpecs).flatMap((spec) =>
      columnsOf(spec).map(({ name, form }) => [name, `NULL::${sqlTypes[form]} AS ${quoteName(name)}`]),
    ),
  ).values(),
].join(', ');

/** The statement that makes the view of a type, or `events`, over these files by type. */
export function viewSql(
  view: string,
  files: ReadonlyMap<string, readonly EventFile[]>,
  range: TimeRange,
  hosts: readonly HostName[],
): string {
  const of = (type: string) => rowsOf(type, files.get(type) ?? [], range);
  const head = `CREATE OR REPLACE TEMP VIEW ${quoteName(view)} AS `;
  if (view !== eventsView) {
    const columns = columnsOf(specOf(view)).map(({ name }) => name);
    return head + derived(of(view), quoteText(view), columns, hosts);
  }
  // Types without files cost as much to bind as others; one row-less SELECT stands for the columns of all of them.
  const all = eventTypes
    .filter((type) => files.has(type))
    .map((type) => `SELECT ${quoteText(type)} AS "type", * FROM (${of(type)})`);
  all.unshift(`SELECT NULL::VARCHAR AS "type", ${noColumns} WHERE false`);
  const columns = columnNames(eventsView).filter(
    (name) => !(derivedColumns as readonly string[]).includes(name),
  );
  return head + derived(all.join(' UNION ALL BY NAME '), '"type"', columns, hosts);
}
