import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import type { EventQuery } from '../../store/contract.ts';
import { eventFilterFields, readEventFilter } from '../event-filter.ts';
import { readInstant } from '../input.ts';
import { eventJson, eventSchema } from '../json/event.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { operation } from '../operation.ts';
import { array, dictionary, type FromSchema, object, oneOf, text } from '../schema.ts';

const searchQuery = object(
  {},
  {
    ...eventFilterFields,
    limit: limit(1000, 100),
    order: {
      ...oneOf(['newest', 'arrival']),
      description:
        '`arrival` goes forward and always gives a cursor: ask again with it for what has arrived since.',
    },
    cursor,
  },
);

function eventQuery(query: FromSchema<typeof searchQuery>): EventQuery {
  const since = readInstant('since', query.since);
  const until = readInstant('until', query.until);
  return {
    filter: readEventFilter(query),
    limit: query.limit ?? 100,
    order: query.order ?? 'newest',
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(query.cursor !== undefined && { cursor: query.cursor }),
  };
}

export const events = [
  operation({
    method: 'GET',
    path: '/events',
    permission: 'read',
    summary: 'Search stored events',
    query: searchQuery,
    output: pageSchema(eventSchema),
    async handler({ deps, query }) {
      const page = await deps.events.search(eventQuery(query));
      return { items: page.items.map(eventJson), next: page.next };
    },
  }),
  operation({
    method: 'GET',
    path: '/events/:id',
    permission: 'read',
    summary: 'One stored event',
    params: object({ id: text }),
    output: eventSchema,
    async handler({ deps, params }) {
      const event = await deps.events.get(params.id);
      if (event === undefined) throw new VedetteError('api.not_found', `There is no event ${params.id}.`);
      return eventJson(event);
    },
  }),
];

const fieldSchema = object(
  { name: text, type: text, doc: text, required: { type: 'boolean' } },
  { sigma: array(text), values: array(text) },
);

export const eventTypes = [
  operation({
    method: 'GET',
    path: '/event-types',
    permission: 'read',
    summary: 'What kinds of events there are, with their fields',
    output: object({
      items: array(
        object({ name: text, doc: text, logsource: dictionary(text), fields: array(fieldSchema) }),
      ),
    }),
    handler: () => ({
      items: Object.values<EventSpec>(eventSpecs).map((spec) => ({
        name: spec.name,
        doc: spec.doc,
        logsource: { ...spec.logsource },
        fields: Object.entries(fieldsOf(spec)).map(([name, { type, doc, required, sigma, values }]) => ({
          name,
          type,
          doc,
          required: required ?? false,
          ...(sigma && { sigma }),
          ...(values && { values }),
        })),
      })),
    }),
  }),
];
