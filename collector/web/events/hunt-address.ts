import type { EventJson } from '../../api/json/event.ts';

/** Fields that say what happened, in the order they are looked for; at most so many are compared. */
const telling = [
  'process.executable',
  'process.name',
  'destination.ip',
  'dns.question.name',
  'file.path',
  'user.name',
  'source.ip',
  'package.name',
];
const maxCompared = 2;
/** Columns that every answer begins with. */
const first = ['time', 'host.name'];

const literal = (value: unknown) =>
  typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;

/** A statement that finds events like this one, for the page of hunts. */
export function huntLike(event: EventJson): string {
  const has = (name: string) => typeof event[name] === 'string' || typeof event[name] === 'number';
  const compared = telling.filter(has).slice(0, maxCompared);
  const shown = [...new Set([...telling.filter(has), 'process.command_line'].filter(has))];
  const where = compared.map((name) => `${name} = ${literal(event[name])}`);
  const lines = [
    `SELECT ${[...first, ...shown].join(', ')}`,
    `FROM ${event['event.dataset']}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.join('\n  AND ')}`]),
    'ORDER BY time DESC',
  ];
  return `/hunts?${new URLSearchParams({ sql: lines.join('\n') })}`;
}
