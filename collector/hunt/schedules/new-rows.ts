/** What a scheduled hunt found that it had not found the last time. */
import type { HuntResultRows, SqlCell } from '../../store/contract.ts';

/** A row is the same as one before when all its values are, wherever it stands. */
export function newRowsOf(
  rows: HuntResultRows['rows'],
  before: HuntResultRows | undefined,
): readonly number[] {
  const known = new Set(before?.rows.map((row) => JSON.stringify(row)));
  return rows.flatMap((row, i) => (known.has(JSON.stringify(row)) ? [] : [i]));
}

export interface HostRows {
  /** Null where no host is named, or for all beyond the bound. */
  readonly host: string | null;
  readonly rows: readonly (readonly SqlCell[])[];
}

/** Rows by the host they name in a column `host.id` or `host.name`; beyond `most` groups in one without a host. */
export function byHost({ columns, rows, fresh }: HuntResultRows, most: number): readonly HostRows[] {
  const names = columns.map(({ name }) => name.toLowerCase());
  const column = ['host.id', 'host.name'].map((name) => names.indexOf(name)).find((i) => i >= 0) ?? -1;
  const groups = new Map<string | null, (readonly SqlCell[])[]>();
  for (const index of fresh) {
    const row = rows[index] ?? [];
    const named = column < 0 ? null : row[column];
    const wanted = typeof named === 'string' && named !== '' ? named : null;
    const host = groups.has(wanted) || groups.size < most - 1 ? wanted : null;
    const group = groups.get(host);
    if (group === undefined) groups.set(host, [row]);
    else group.push(row);
  }
  return [...groups].map(([host, found]) => ({ host, rows: found }));
}
