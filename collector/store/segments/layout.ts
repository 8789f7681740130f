/** What the columns of a segment are: where an event came from, when, and every field its type declares. */
import { type EventSpec, type FieldType, fieldsOf } from '#shared/schema/spec.ts';
import type { ColumnForm, ColumnSpec } from './parquet/file.ts';

/**
 * Columns that every segment begins with. Host, stream, sequence and index are what the id of an event is derived
 * from; `event.ingested` is when the collector received it.
 */
export const originColumns = [
  { name: 'time', form: 'time' },
  { name: 'event.ingested', form: 'time' },
  { name: 'host.id', form: 'string', isLookedUp: true },
  { name: 'event.stream', form: 'string' },
  { name: 'event.sequence', form: 'int' },
  { name: 'event.index', form: 'int' },
] as const satisfies readonly ColumnSpec[];

const forms: Readonly<Record<FieldType, ColumnForm>> = {
  keyword: 'string',
  text: 'string',
  ip: 'string',
  hash: 'string',
  keywords: 'strings',
  int: 'int',
  float: 'float',
  bool: 'bool',
  time: 'time',
};

/** Columns of a type's segments, in their order. */
export function columnsOf(spec: EventSpec): readonly ColumnSpec[] {
  const fields = Object.entries(fieldsOf(spec)).map(([name, { type, indexed }]) => ({
    name,
    form: forms[type],
    ...(indexed === true && { isLookedUp: true }),
  }));
  return [...originColumns, ...fields];
}
