/** Log records as the routes under /api show them: a few fields by short names, whatever the event. */
import { isIP } from 'node:net';
import { VedetteError } from '#shared/errors.ts';
import { external } from '#shared/events/external.ts';
import { allOf, type Filter } from '#shared/filter/filter.ts';
import { fieldEquals } from '#shared/filter/simple.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { checkEvent } from '#shared/schema/validate.ts';
import type { StoredEvent } from '../../store/contract.ts';
import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { type FromSchema, instant, nullable, object, text } from '../schema.ts';

const short = { type: 'string', maxLength: 4096 } as const;

export const logSchema = object({
  id: { type: 'string', description: 'Id of the event.' },
  timestamp: instant,
  user_id: nullable(text),
  ip_address: nullable(text),
  action: text,
  file_name: nullable(text),
  database_query: nullable(text),
});
export type LogJson = FromSchema<typeof logSchema>;

/** What a caller says of something that happened; empty texts say nothing. */
export const newLogSchema = object(
  { action: { ...short, minLength: 1 } },
  {
    timestamp: { ...instant, description: 'When it happened; now unless said.' },
    user_id: short,
    ip_address: short,
    file_name: short,
    database_query: { type: 'string', maxLength: 32_768 },
  },
);

/** What logs and threats are looked for by; all that is given must hold. */
export const lookSchema = object(
  {},
  {
    timestamp: { ...instant, description: 'At or after.' },
    userId: { ...short, minLength: 1 },
    ipAddress: { ...short, minLength: 1, description: 'Source or destination.' },
    limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 } as const,
  },
);

const said = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The few fields that logs and threats show of an event. */
export function factsOf(event: Readonly<Record<string, unknown>>) {
  return {
    user_id: said(event['user.name']),
    ip_address: said(event['source.ip']) ?? said(event['destination.ip']),
    action: said(event['event.action']) ?? String(event['type'] ?? event['event.dataset']),
    file_name: said(event['file.path']) ?? said(event['process.executable']),
  };
}

export function logJson({ id, event }: StoredEvent): LogJson {
  return {
    id,
    timestamp: toIso(event.time),
    ...factsOf(event),
    database_query: said(event['db.query.text']),
  };
}

/** An event of what a caller says. Throws `event.invalid` or `api.invalid`. */
export function rowOf(log: FromSchema<typeof newLogSchema>, by: string, now: number): EventRow {
  const given = (value: string | undefined) => (value === undefined || value === '' ? undefined : value);
  return externalRow({
    time: readInstant('timestamp', given(log.timestamp)) ?? now,
    'log.source': by.slice(0, 64),
    'event.action': log.action,
    'user.name': given(log.user_id),
    'source.ip': given(log.ip_address),
    'file.path': given(log.file_name),
    'db.query.text': given(log.database_query),
  });
}

/** Throws `event.invalid` or `api.invalid`. */
export function externalRow(fields: Readonly<Record<string, unknown>>): EventRow {
  const address = fields['source.ip'];
  if (address !== undefined && isIP(String(address)) === 0)
    throw new VedetteError('api.invalid', `${String(address)} is no address.`);
  const checked = checkEvent(external, fields);
  if (!checked.ok) throw checked.error;
  return checked.value;
}

export function lookFilter({ userId, ipAddress }: FromSchema<typeof lookSchema>): Filter {
  return allOf(
    userId === undefined ? undefined : exactly('user.name', userId),
    ipAddress === undefined
      ? undefined
      : { kind: 'any', of: [exactly('source.ip', ipAddress), exactly('destination.ip', ipAddress)] },
  );
}

function exactly(field: string, value: string): Filter {
  const filter = fieldEquals(field, value);
  if (filter === undefined) throw new VedetteError('api.invalid', `No event type has a field ${field}.`);
  return filter;
}
