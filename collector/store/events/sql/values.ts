/** Values of DuckDB as they leave: plain ones for programs of ours, JSON and CSV for others. */
import {
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { csvLine } from '#shared/csv.ts';
import type { SqlValue } from '../../contract.ts';
import type { RowForm } from './contract.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const latestUs = 8.64e15 * 1000;

/** ISO 8601 in UTC to the microsecond; undefined beyond what a calendar here can say (infinity is such). */
function isoOf(micros: bigint): string | undefined {
  const us = Number(micros);
  if (Math.abs(us) > latestUs) return undefined;
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1000).padStart(3, '0')}Z`;
}

const isInstant = (value: unknown): value is DuckDBTimestampValue | DuckDBTimestampTZValue =>
  value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue;

/** Integers beyond 2^53 as text: JSON's numbers would lose their ends. */
function jsonInteger(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function toJson(value: DuckDBValue): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return jsonInteger(value);
  if (isInstant(value)) return isoOf(value.micros) ?? String(value);
  if (value instanceof DuckDBListValue) return value.items.map(toJson);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, one]) => [name, toJson(one)]));
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: one }) => [toJson(key), toJson(one)]);
  return String(value);
}

/** Instants as microseconds since the epoch. */
export function toPlain(value: DuckDBValue): SqlValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (isInstant(value)) return Number(value.micros);
  if (value instanceof DuckDBListValue) return value.items.map(toPlain);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  return value instanceof DuckDBStructValue || value instanceof DuckDBMapValue
    ? JSON.stringify(toJson(value))
    : String(value);
}

/** What makes the line of a row, for columns of these names. */
export function lineOf(
  form: Exclude<RowForm, 'values'>,
  names: readonly string[],
): (row: readonly DuckDBValue[]) => string {
  switch (form) {
    case 'arrays':
      return (row) => `${JSON.stringify(row.map(toJson))}\n`;
    case 'objects':
      return (row) =>
        `${JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i] as string, toJson(value)])))}\n`;
    case 'csv':
      return (row) => csvLine(row.map(toJson));
  }
}
