import { VedetteError } from '../errors.ts';

/** Spaces and comments. */
const before = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;

/**
 * The refusal of a statement that does not begin as a query does; undefined for one that does. What it does is for
 * SQLite to judge afterwards.
 */
export function refusalOf(sql: string): VedetteError | undefined {
  const start = before.exec(sql)?.[0].length ?? 0;
  if (/^(?:select|with|values)\b/i.test(sql.slice(start))) return undefined;
  return new VedetteError('query.refused', 'It does not begin with SELECT, WITH or VALUES.');
}
