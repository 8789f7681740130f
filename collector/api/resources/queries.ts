import { Readable } from 'node:stream';
import { queryBounds } from '#shared/query/bounds.ts';
import type { LiveQueryState } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation, Streamed } from '../operation.ts';
import { array, count, instant, object, oneOf, text } from '../schema.ts';

/** Names or patterns of hosts in one query. */
const maxPatterns = 200;

const states = ['running', 'done', 'canceled'] as const;
const querySchema = object({
  id: text,
  sql: text,
  by: text,
  startedAt: instant,
  state: oneOf(states),
  hosts: count,
  done: count,
  failed: count,
  away: count,
  rows: count,
  cut: count,
});

const lineDoc =
  'One object a line. `row`: host, hostName, row (values by column). `host`: what became of it: state (done, failed, away), rows, cut (left out for a bound), tookMs, code, detail, and how many of the hosts have answered. `end`: state (done, canceled), hosts, done, failed, away, rows, cut.';
/** Beyond the longest time of a query: what waits before it, and the way. */
const graceMs = 60_000;

export function queryJson({ startedAt, ...state }: LiveQueryState) {
  return { ...state, startedAt: toIso(startedAt) };
}
export type LiveQueryJson = ReturnType<typeof queryJson>;

export const queries = [
  operation({
    method: 'POST',
    path: '/queries',
    permission: 'respond',
    summary: 'Ask hosts about their present state, in SQL',
    body: object(
      {
        sql: { type: 'string', minLength: 1, maxLength: queryBounds.maxSqlLength },
        hosts: {
          type: 'array',
          items: { type: 'string', minLength: 1, maxLength: 128 },
          minItems: 1,
          maxItems: maxPatterns,
          description: 'Ids, names, patterns over names (* and ?), or all.',
        },
      },
      {
        timeoutMs: {
          type: 'integer',
          minimum: queryBounds.minTimeoutMs,
          maximum: queryBounds.maxTimeoutMs,
          default: queryBounds.usualTimeoutMs,
          description: 'Of one host, from when it begins.',
        },
        rows: {
          type: 'integer',
          minimum: 1,
          maximum: queryBounds.maxRows,
          default: queryBounds.usualRows,
          description: 'Most rows of one host.',
        },
      },
    ),
    output: querySchema,
    created: true,
    async handler(call) {
      const { sql, hosts, timeoutMs, rows } = call.body;
      const started = await call.deps.queries.start({
        ...{ sql, hosts },
        timeoutMs: timeoutMs ?? queryBounds.usualTimeoutMs,
        rows: rows ?? queryBounds.usualRows,
        by: callerOf(call).name,
      });
      if (!started.ok) throw started.error;
      return queryJson(started.value);
    },
  }),
  operation({
    method: 'GET',
    path: '/queries',
    permission: 'respond',
    summary: 'Live queries that run, or ended within the last minutes, newest first',
    output: object({ items: array(querySchema) }),
    handler: ({ deps }) => ({ items: deps.queries.list().map(queryJson) }),
  }),
  operation({
    method: 'GET',
    path: '/queries/:id',
    permission: 'respond',
    summary: 'How a live query stands',
    params: object({ id: text }),
    output: querySchema,
    handler: ({ deps, params }) => queryJson(deps.queries.get(params.id).state),
  }),
  operation({
    method: 'GET',
    path: '/queries/:id/results',
    permission: 'respond',
    summary: 'Rows of a live query and what became of each host, as they come, until it ends',
    params: object({ id: text }),
    query: object({}, { after: { type: 'integer', minimum: 0, description: 'Lines to pass over.' } }),
    produces: { 'application/x-ndjson': lineDoc },
    timeoutMs: queryBounds.maxTimeoutMs + graceMs,
    handler({ deps, params, query, closed }) {
      const lines = deps.queries.get(params.id).lines(query.after ?? 0, closed);
      return new Streamed('application/x-ndjson', Readable.from(lines)) as never;
    },
  }),
  operation({
    method: 'DELETE',
    path: '/queries/:id',
    permission: 'respond',
    summary: 'Cancel a live query; what was answered stays',
    params: object({ id: text }),
    output: querySchema,
    handler: async (call) => queryJson(await call.deps.queries.cancel(call.params.id, callerOf(call).name)),
  }),
];
