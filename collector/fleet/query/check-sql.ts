import Database from 'better-sqlite3';
import { fail, ok, type Result } from '#shared/errors.ts';
import { refusalOf } from '#shared/query/statement.ts';
import { tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';

let empty: Database.Database | undefined;

/** The tables of hosts, all empty. */
function emptyTables(): Database.Database {
  if (empty !== undefined) return empty;
  const db = new Database(':memory:');
  for (const { name, columns } of Object.values<TableSpec>(tableSpecs)) {
    const typed = Object.entries(columns).map(([column, [type]]) => `"${column}" ${type}`);
    db.exec(`CREATE TABLE "${name}" (${typed.join()})`);
  }
  empty = db;
  return db;
}

/**
 * Whether hosts can understand the statement: it is prepared here, over empty tables, and never run. Whoever asks
 * learns of a mistake at once, not from every host. `query.refused` or `query.invalid`.
 */
export function checkSql(sql: string): Result<void> {
  const refusal = refusalOf(sql);
  if (refusal !== undefined) return { ok: false, error: refusal };
  try {
    const { reader, readonly } = emptyTables().prepare(sql);
    if (reader && readonly) return ok(undefined);
    return fail('query.refused', 'It is not a statement that only reads.');
  } catch (error) {
    return fail('query.invalid', `${(error as Error).message}.`);
  }
}
