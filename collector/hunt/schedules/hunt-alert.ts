import { ownAlert } from '../../detect/own-alert.ts';
import type { Level, NewAlert, SqlCell } from '../../store/contract.ts';
import type { Hunt } from '../contract.ts';

/** Cells of a row that an alert shows. */
const maxFields = 32;
const maxTextLength = 512;
const named = 3;

export interface Find {
  readonly hunt: Hunt;
  readonly level: Level;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlCell[])[];
  readonly hostId: string;
  readonly hostName: string;
  readonly dueAt: number;
  readonly at: number;
}

const textOf = (cell: SqlCell) =>
  (typeof cell === 'string' ? cell : JSON.stringify(cell)).toWellFormed().slice(0, maxTextLength);

/** New rows of a scheduled hunt on one host; found again for the same time they are the same alert. */
export function huntAlert({ hunt, level, columns, rows, hostId, hostName, dueAt, at }: Find): NewAlert {
  const first = rows[0] ?? [];
  const cells = columns.slice(0, maxFields).map((column, i) => [column, first[i] ?? null] as const);
  const fields = Object.fromEntries(
    cells
      .filter(([, cell]) => cell !== null)
      .map(([column, cell]) => [column, typeof cell === 'number' ? cell : textOf(cell)]),
  );
  const words = cells.slice(0, named).map(([column, cell]) => `${column} ${textOf(cell)}`);
  const more = rows.length === 1 ? '' : `, and ${rows.length - 1} more`;
  return ownAlert({
    rule: {
      id: `vedette-hunt-${hunt.name}`,
      title: `Hunt: ${hunt.title}`,
      level,
      tags: hunt.tags,
      response:
        'Look at the rows that are marked new under Hunts; run the hunt again for what has happened since.',
    },
    ...{ dataset: 'collector.hunt', hostId, hostName, at, fields, count: rows.length },
    reason: `The scheduled hunt ${hunt.name} found what it had not found the time before: ${words.join(', ')}${more}.`,
    key: `${hunt.name} ${dueAt}`,
  });
}
