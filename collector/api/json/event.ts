import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import type { StoredEvent } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import type { Dictionary } from '../schema.ts';

/** An event, flat, by ECS name. */
export interface EventJson {
  readonly '@timestamp': string;
  readonly 'event.id': string;
  /** The event type. */
  readonly 'event.dataset': string;
  readonly 'host.id': string;
  readonly 'host.name': string;
  readonly [field: string]: unknown;
}

export const eventSchema = {
  type: 'object',
  additionalProperties: true,
  description:
    'An event, flat, by ECS name: @timestamp, event.id, event.dataset (its type), host.id, host.name and the fields of its type (see event-types).',
} as const satisfies Dictionary<true>;

/** Names of the fields that hold instants, by event type. */
const timeFields = new Map<string, readonly string[]>(
  Object.values<EventSpec>(eventSpecs).map((spec) => [
    spec.name,
    Object.entries(fieldsOf(spec)).flatMap(([name, field]) => (field.type === 'time' ? [name] : [])),
  ]),
);

function fieldsJson(event: EventRow): Record<string, unknown> {
  const { type, time: _, ...fields }: Record<string, unknown> = event;
  for (const name of timeFields.get(String(type)) ?? []) {
    const at = fields[name];
    if (typeof at === 'number') fields[name] = toIso(at);
  }
  return fields;
}

export function eventJson({ id, hostId, hostName, event }: StoredEvent): EventJson {
  return {
    '@timestamp': toIso(event.time),
    'event.id': id,
    'event.dataset': event.type,
    'host.id': hostId,
    'host.name': hostName,
    ...fieldsJson(event),
  };
}
