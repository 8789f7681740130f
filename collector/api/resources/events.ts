import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { allOf } from '#shared/filter/filter.ts';
import { maxFilterLength } from '#shared/filter/parse.ts';
import { containsText } from '#shared/filter/simple.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import type { EventQuery } from '../../store/contract.ts';
import { readFieldTest, readFilter, readInstant, readTypes } from '../input.ts';
import { eventJson, eventSchema } from '../json/event.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { operation } from '../operation.ts';
import { array, dictionary, type FromSchema, instant, object, oneOf, text } from '../schema.ts';

const searchQuery = object(
  {},
  {
    filter: {
      type: 'string',
      maxLength: maxFilterLength,
      description:
        'What must hold, as docs/searching.md describes, e.g. process.name:curl and not user.name:root.',
    },
    type: { ...array({ type: 'string', maxLength: 64 }, 'Event types; any of them.'), maxItems: 32 },
    host: { type: 'string', description: 'Host by name or id; * and ? stand for others.' },
    since: { ...instant, description: 'Event time, inclusive.' },
    until: { ...instant, description: 'Event time, inclusive.' },
    where: {
      ...array(
        { type: 'string', maxLength: 2048 },
        'field:eq:value, field:ne:value, field:contains:value or field:exists; all must hold; strings compare without regard to case.',
      ),
      maxItems: 16,
    },
    q: { type: 'string', maxLength: 512, description: 'Text in any string field.' },
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
  const filter = allOf(
    query.type && { kind: 'types', types: readTypes(query.type) },
    query.host === undefined ? undefined : { kind: 'host', pattern: query.host },
    ...(query.where ?? []).map(readFieldTest),
    query.q === undefined ? undefined : containsText(query.q),
    readFilter(query.filter),
  );
  return {
    filter,
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
