const likePath = /\b((?:[a-z_]\w*\.)?)path\s+like\s+('(?:[^']|'')*')/gi;

/**
 * `path LIKE '…'` as `pattern = '…'`, for tables that are looked up by a pattern of paths: SQLite hands virtual tables
 * of this library equalities only, and osquery's users write LIKE.
 */
export function withoutLikePath(sql: string): string {
  return sql.replace(likePath, '$1pattern = $2');
}
