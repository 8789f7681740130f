/** What of an event goes into a line, and how it is written. */
import { InvalidArgumentError } from 'commander';
import { fieldIn, fieldNamed, hostNames, namesNear, typeNames } from '#shared/filter/fields.ts';
import type { EventJson } from '../../api/json/event.ts';

/** One column: its title, and what it holds of an event; undefined where the event has no such field. */
export interface EventColumn {
  readonly title: string;
  readonly of: (event: EventJson) => unknown;
  readonly isTime?: true;
  readonly flexible?: true;
}

/** What tells most of an event of any type in one line, in this order. */
const telling = [
  'event.action',
  'process.command_line',
  'process.name',
  'source.ip',
  'source.port',
  'destination.ip',
  'destination.port',
  'device.name',
  'device.kind',
  'package.name',
  'package.version',
  'user.name',
  'group.name',
  'loss.count',
  'loss.reason',
];

export function summary(event: EventJson): string {
  const has = (name: string) => event[name] !== undefined;
  return telling
    .filter((name) => has(name) && !(name === 'process.name' && has('process.command_line')))
    .map((name) => String(event[name]))
    .join(' ');
}

const ofEvent: Readonly<Record<string, string>> = { 'host.id': 'host.id', 'event.id': 'event.id' };

/** Sigma's names stand for the field that the type of the event has. */
function fieldColumn(title: string, name: string): EventColumn {
  return {
    title,
    of: (event) => event[name] ?? event[fieldIn(event['event.dataset'], name)?.ecs ?? name],
  };
}

/** The column of that name: a field by ECS or Sigma name, `time`, `host`, `type` or `what`. */
export function columnNamed(name: string): EventColumn {
  const lower = name.toLowerCase();
  if (lower === 'what') return { title: name, of: summary, flexible: true };
  if (lower === 'time' || lower === '@timestamp')
    return { title: name, of: (event) => event['@timestamp'], isTime: true };
  if (Object.hasOwn(ofEvent, lower)) return fieldColumn(name, lower);
  if (hostNames.includes(lower)) return fieldColumn(name, 'host.name');
  if (typeNames.includes(lower)) return fieldColumn(name, 'event.dataset');
  const field = fieldNamed(name);
  if (field !== undefined) return fieldColumn(name, field.name);
  const near = namesNear(name);
  const meant = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  throw new InvalidArgumentError(`There is no field ${name}.${meant}`);
}

export const usualColumns: readonly EventColumn[] = ['time', 'host', 'type', 'what'].map(columnNamed);

export function columnList(text: string, before: readonly EventColumn[] = []): readonly EventColumn[] {
  const names = text.split(',').filter((name) => name !== '');
  return [...before, ...names.map(columnNamed)];
}

/** A value in one cell; nothing where there is none. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
