import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { fieldIn } from '#shared/filter/fields.ts';
import { eventFilterFields, readEventFilter } from '../event-filter.ts';
import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { operation } from '../operation.ts';
import { array, count, type FromSchema, instant, object, text } from '../schema.ts';

const second = { type: 'number', description: 'Seconds that one bar spans.' } as const;
const countsSchema = object({
  since: instant,
  until: instant,
  widthSeconds: second,
  items: array(
    object({ at: { ...instant, description: 'Where the bar begins.' }, type: text, events: count }),
    'Bars that have events, by time.',
  ),
});
export type EventCountsJson = FromSchema<typeof countsSchema>;

const valuesSchema = object({ field: text, items: array(object({ value: text, events: count })) });
export type EventValuesJson = FromSchema<typeof valuesSchema>;

const fieldName = { type: 'string', minLength: 1, maxLength: 128 } as const;
/** Sealed files are read for it. */
const perMinute = 240;

function demandField(name: string): void {
  if (name === 'host.id' || Object.keys(eventSpecs).some((type) => fieldIn(type, name) !== undefined)) return;
  throw new VedetteError('filter.unknown_field', `There is no field ${name}.`);
}

export const eventCounts = [
  operation({
    method: 'GET',
    path: '/events/counts',
    permission: 'read',
    summary: 'How many events pass a filter, over time and by type',
    perMinute,
    query: object(
      {},
      {
        ...eventFilterFields,
        bars: {
          type: 'integer',
          minimum: 1,
          maximum: 500,
          default: 100,
          description: 'At most about so many bars of time; their width is one that clocks know.',
        },
      },
    ),
    output: countsSchema,
    async handler({ deps, query, now }) {
      const since = readInstant('since', query.since);
      const counts = await deps.eventCounts.counts({
        ...{ filter: readEventFilter(query), bars: query.bars ?? 100 },
        ...(since !== undefined && { since }),
        until: readInstant('until', query.until) ?? now,
      });
      return {
        ...{ since: toIso(counts.since), until: toIso(counts.until), widthSeconds: counts.widthUs / 1e6 },
        items: counts.items.map((item) => ({ ...item, at: toIso(item.at) })),
      };
    },
  }),
  operation({
    method: 'GET',
    path: '/events/values',
    permission: 'read',
    summary: 'Which values a field has in events that pass a filter, those of most events first',
    perMinute,
    query: object(
      { field: { ...fieldName, description: 'By its ECS name, or one that Sigma has for it.' } },
      { ...eventFilterFields, limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 } },
    ),
    output: valuesSchema,
    async handler({ deps, query, now }) {
      demandField(query.field);
      const since = readInstant('since', query.since);
      const asked = {
        filter: readEventFilter(query),
        ...(since !== undefined && { since }),
        until: readInstant('until', query.until) ?? now,
      };
      const items = await deps.eventCounts.values(asked, query.field, query.limit ?? 10);
      return { field: query.field, items: [...items] };
    },
  }),
];
