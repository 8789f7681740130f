import { VedetteError } from '#shared/errors.ts';
import { readInstant } from '../input.ts';
import { alertLineJson, alertSchema } from '../json/alert.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { storyJson, storySchema, storyTreeJson, storyTreeSchema } from '../json/story.ts';
import { operation } from '../operation.ts';
import { array, instant, object, text } from '../schema.ts';

export const stories = [
  operation({
    method: 'GET',
    path: '/stories',
    permission: 'read',
    summary: 'Alerts that belong together, as stories; the newest first',
    query: object(
      {},
      {
        minAlerts: {
          type: 'integer',
          minimum: 1,
          maximum: 500,
          default: 2,
          description: 'Stories of that many alerts or more.',
        },
        since: { ...instant, description: 'Whose last event was at or after.' },
        limit: limit(200, 50),
        cursor,
      },
    ),
    output: pageSchema(storySchema),
    async handler({ deps, query }) {
      const since = readInstant('since', query.since);
      const filter = { minAlerts: query.minAlerts ?? 2, ...(since !== undefined && { since }) };
      const page = await deps.control.stories.list(filter, query.limit ?? 50, query.cursor);
      return { items: page.items.map(storyJson), next: page.next };
    },
  }),
  operation({
    method: 'GET',
    path: '/stories/:id',
    permission: 'read',
    summary: 'One story with its alerts in the order of time; also by an id it once had',
    params: object({ id: text }),
    output: object({
      story: storySchema,
      alerts: array(alertSchema, 'Without their trees.'),
      tree: storyTreeSchema,
    }),
    async handler({ deps, params }) {
      const found = await deps.control.stories.get(params.id);
      if (found === undefined) throw new VedetteError('api.not_found', `There is no story ${params.id}.`);
      return {
        story: storyJson(found.story),
        alerts: found.alerts.map(alertLineJson),
        tree: storyTreeJson(found.alerts),
      };
    },
  }),
];
