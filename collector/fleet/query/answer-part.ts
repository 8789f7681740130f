import { type QueryPart, type QueryValue, queryBounds } from '#shared/query/bounds.ts';

function isValue(value: unknown): value is QueryValue {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

function isRows(rows: unknown, width: number): rows is QueryPart['rows'] {
  return (
    Array.isArray(rows) &&
    rows.every((row) => Array.isArray(row) && row.length === width && row.every(isValue))
  );
}

/** Columns and rows of an agent's answer, held against what they must be; undefined when they are anything else. */
export function partFrom(columns: unknown, rows: unknown): QueryPart | undefined {
  if (!Array.isArray(columns) || columns.length > queryBounds.maxColumns) return undefined;
  if (!columns.every((name) => typeof name === 'string')) return undefined;
  return isRows(rows, columns.length) ? { columns, rows } : undefined;
}

/** The same of a part as it came; what an agent says is hostile until checked. */
export function decodePart(data: Uint8Array): QueryPart | undefined {
  if (data.length > queryBounds.maxPartBytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
    if (typeof value !== 'object' || value === null) return undefined;
    const { columns, rows } = value as Record<string, unknown>;
    return partFrom(columns, rows);
  } catch {
    return undefined;
  }
}
