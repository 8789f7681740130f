import { VedetteError } from '#shared/errors.ts';
import { allOf } from '#shared/filter/filter.ts';
import { readInstant } from '../input.ts';
import { cursor, limit } from '../json/page.ts';
import { callerOf, operation } from '../operation.ts';
import { array, dictionary, object, oneOf, text } from '../schema.ts';
import { externalRow, logJson, logSchema, lookFilter, lookSchema, newLogSchema, rowOf } from './log.ts';

const nextLink = (path: string, next: string | null) =>
  next === null ? undefined : `<${path}?${new URLSearchParams({ cursor: next })}>; rel="next"`;

const contentSchema = {
  ...dictionary(
    true as never,
    'What that system says: timestamp, event_type, protocol, action, user and so on.',
  ),
  maxProperties: 256,
};

const texts = (content: Readonly<Record<string, unknown>>, ...names: readonly string[]) => {
  for (const name of names) {
    const value = content[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
};

export const logs = [
  operation({
    method: 'GET',
    path: '/api/logs',
    isTop: true,
    permission: 'read',
    summary: 'Stored events as log records, newest first; the header Link leads to the next page',
    query: object({}, { limit: limit(1_000, 100), cursor }),
    output: array(logSchema),
    async handler({ deps, query, setHeader }) {
      const page = await deps.events.search({
        ...{ limit: query.limit ?? 100, order: 'newest', filter: allOf() },
        ...(query.cursor !== undefined && { cursor: query.cursor }),
      });
      const link = nextLink('/api/logs', page.next);
      if (link !== undefined) setHeader('link', link);
      return page.items.map(logJson);
    },
  }),
  operation({
    method: 'POST',
    path: '/api/logs',
    isTop: true,
    permission: 'ingest',
    summary: 'Store a log record; rules see it like any event',
    body: newLogSchema,
    output: logSchema,
    created: true,
    async handler(call) {
      const { deps, body, now } = call;
      const row = rowOf(body, callerOf(call).name, now);
      const { ids } = await deps.intake.take([row]);
      return logJson({ id: ids[0]!, hostId: '', hostName: '', event: row as never });
    },
  }),
  operation({
    method: 'GET',
    path: '/api/logs/:id',
    isTop: true,
    permission: 'read',
    summary: 'One stored event as a log record',
    params: object({ id: text }),
    output: logSchema,
    async handler({ deps, params }) {
      const event = await deps.events.get(params.id);
      if (event === undefined) throw new VedetteError('api.not_found', `There is no log ${params.id}.`);
      return logJson(event);
    },
  }),
  operation({
    method: 'POST',
    path: '/api/logs/search',
    isTop: true,
    permission: 'read',
    summary: 'Stored events as log records, by user, address and time',
    body: lookSchema,
    output: array(logSchema),
    async handler({ deps, body }) {
      const since = readInstant('timestamp', body.timestamp);
      const page = await deps.events.search({
        ...{ limit: body.limit ?? 100, order: 'newest', filter: lookFilter(body) },
        ...(since !== undefined && { since }),
      });
      return page.items.map(logJson);
    },
  }),
  operation({
    method: 'POST',
    path: '/api/ingest',
    isTop: true,
    permission: 'ingest',
    summary: 'Store what another system reports, whatever its form',
    body: object({ content: contentSchema }, { source_ip: { type: 'string', maxLength: 64 } }),
    output: object({ status: oneOf(['stored']), id: text }),
    created: true,
    async handler(call) {
      const { deps, body, now } = call;
      const { content, source_ip } = body as {
        readonly content: Readonly<Record<string, unknown>>;
        readonly source_ip?: string;
      };
      const row = externalRow({
        time: readInstant('content.timestamp', texts(content, 'timestamp', '@timestamp')) ?? now,
        'log.source': callerOf(call).name.slice(0, 64),
        'event.action': texts(content, 'action', 'event_type'),
        'event.category': texts(content, 'event_type', 'category'),
        'event.original': JSON.stringify(content),
        'source.ip': source_ip ?? texts(content, 'source_ip', 'ip_address'),
        'user.name': texts(content, 'user', 'user_id', 'user_name'),
        'file.path': texts(content, 'file_name', 'file_path'),
        'db.query.text': texts(content, 'database_query', 'query'),
        'network.transport': texts(content, 'protocol')?.toLowerCase(),
      });
      const { ids } = await deps.intake.take([row]);
      return { status: 'stored' as const, id: ids[0]! };
    },
  }),
];
