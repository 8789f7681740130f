import type { VedetteError } from '#shared/errors.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';

type ResultEvent = EventByType['query.result'];

/** Longest `name=value`, in UTF-16 units; longer ones would be cut by the bound of the field all the same. */
const maxValueLength = 1024;

function valuesOf(row: string): string[] {
  const columns = JSON.parse(row) as Readonly<Record<string, unknown>>;
  return Object.entries(columns).map(([name, value]) => `${name}=${value ?? ''}`.slice(0, maxValueLength));
}

export function rowEvent(
  name: string,
  action: 'added' | 'removed',
  row: string,
  time: number,
  isBaseline: boolean,
): ResultEvent {
  return {
    type: 'query.result',
    time,
    ...(isBaseline && { 'event.baseline': true }),
    'event.action': action,
    'query.name': name,
    'query.row': row,
    'query.values': valuesOf(row),
  };
}

export function failureEvent(name: string, { code, detail }: VedetteError, time: number): ResultEvent {
  return {
    type: 'query.result',
    time,
    'event.action': 'failed',
    'query.name': name,
    'error.code': code,
    'error.message': detail,
  };
}
