/** Rows that came and rows that went; of equal rows as many as there are more or fewer. */
export interface Differences {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export function differencesOf(before: readonly string[], after: readonly string[]): Differences {
  return { added: beyond(after, before), removed: beyond(before, after) };
}

/** Those of the first that are not, or not as often, among the second; in their order. */
function beyond(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}
