import { VedetteError } from '#shared/errors.ts';
import { type TreeSubject, usualBounds } from '../../tree/contract.ts';
import { readInstant } from '../input.ts';
import { treeJson, treeSchema } from '../json/tree.ts';
import { operation } from '../operation.ts';
import { type FromSchema, instant, object } from '../schema.ts';

const treeQuery = object(
  {},
  {
    alert: { type: 'string', maxLength: 128, description: 'Id of an alert: the process of its event.' },
    host: { type: 'string', maxLength: 256, description: 'Host by name or id.' },
    pid: { type: 'integer', minimum: 0, description: 'With host and at: the process that had it then.' },
    at: { ...instant, description: 'With pid or entity: when it ran.' },
    entity: { type: 'string', maxLength: 64, description: 'process.entity_id.' },
    range: {
      type: 'integer',
      minimum: 1,
      maximum: 31 * 86_400,
      default: usualBounds.rangeUs / 1e6,
      description: 'Seconds before and after in which descendants and events are looked for.',
    },
    processes: { type: 'integer', minimum: 1, maximum: 2000, default: usualBounds.maxProcesses },
    events: { type: 'integer', minimum: 1, maximum: 5000, default: usualBounds.maxEvents },
  },
);

function subjectOf({ alert, host, pid, at, entity }: FromSchema<typeof treeQuery>): TreeSubject {
  const when = readInstant('at', at);
  const given = [alert, pid, entity].filter((one) => one !== undefined);
  if (given.length !== 1) throw new VedetteError('api.invalid', 'Name one of alert, pid and entity.');
  if (alert !== undefined) return { by: 'alert', id: alert };
  if (entity !== undefined)
    return {
      by: 'entity',
      id: entity,
      ...(host !== undefined && { host }),
      ...(when !== undefined && { at: when }),
    };
  if (host === undefined || when === undefined || pid === undefined)
    throw new VedetteError('api.invalid', 'With pid, host and at are needed.');
  return { by: 'pid', host, pid, at: when };
}

export const tree = [
  operation({
    method: 'GET',
    path: '/tree',
    permission: 'read',
    summary: 'A process with its ancestors, its descendants and what they did',
    query: treeQuery,
    output: treeSchema,
    async handler({ deps, query }) {
      const { range, processes, events } = query;
      const bounds = {
        rangeUs: (range ?? usualBounds.rangeUs / 1e6) * 1e6,
        maxProcesses: processes ?? usualBounds.maxProcesses,
        maxEvents: events ?? usualBounds.maxEvents,
      };
      return treeJson(await deps.tree(subjectOf(query), bounds));
    },
  }),
];
