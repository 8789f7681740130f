import { queryBounds } from '#shared/query/bounds.ts';
import { scheduleBounds, scheduleNamePattern } from '#shared/query/schedule.ts';
import type { QuerySchedule } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { array, count, instant, object, text } from '../schema.ts';

const name = {
  type: 'string',
  pattern: scheduleNamePattern.source,
  description: 'What its events go by: small letters, digits, `_`, `.` and `-`.',
} as const;
const sql = { type: 'string', minLength: 1, maxLength: queryBounds.maxSqlLength } as const;
const intervalSeconds = {
  type: 'integer',
  minimum: scheduleBounds.minIntervalS,
  maximum: scheduleBounds.maxIntervalS,
} as const;
const hosts = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 128 },
  minItems: 1,
  maxItems: 200,
  description: 'Ids, names, patterns over names (* and ?), or all.',
} as const;
const enabled = { type: 'boolean' } as const;

const scheduleSchema = object({
  name: text,
  sql: text,
  intervalSeconds: count,
  hosts: array(text),
  enabled,
  madeAt: instant,
  madeBy: text,
  changedAt: instant,
  changedBy: text,
});

export function scheduleJson(schedule: QuerySchedule) {
  return {
    name: schedule.name,
    sql: schedule.sql,
    intervalSeconds: schedule.intervalS,
    hosts: schedule.hosts,
    enabled: schedule.isEnabled,
    madeAt: toIso(schedule.madeAt),
    madeBy: schedule.madeBy,
    changedAt: toIso(schedule.changedAt),
    changedBy: schedule.changedBy,
  };
}
export type QueryScheduleJson = ReturnType<typeof scheduleJson>;

export const querySchedules = [
  operation({
    method: 'GET',
    path: '/query-schedules',
    permission: 'read',
    summary: 'Queries that hosts ask themselves; how the answers differ becomes query.result events',
    output: object({ items: array(scheduleSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.schedules.list()).map(scheduleJson) }),
  }),
  operation({
    method: 'GET',
    path: '/query-schedules/:name',
    permission: 'read',
    summary: 'One scheduled query',
    params: object({ name: text }),
    output: scheduleSchema,
    handler: async ({ deps, params }) => scheduleJson(await deps.schedules.get(params.name)),
  }),
  operation({
    method: 'POST',
    path: '/query-schedules',
    permission: 'respond',
    summary: 'Schedule a query',
    body: object({ name, sql, intervalSeconds, hosts }),
    output: scheduleSchema,
    created: true,
    async handler(call) {
      const { intervalSeconds: intervalS, ...order } = call.body;
      const made = await call.deps.schedules.add({ ...order, intervalS }, callerOf(call).name);
      if (!made.ok) throw made.error;
      return scheduleJson(made.value);
    },
  }),
  operation({
    method: 'PATCH',
    path: '/query-schedules/:name',
    permission: 'respond',
    summary: 'Change a scheduled query, or switch it off or on',
    params: object({ name: text }),
    body: object({}, { sql, intervalSeconds, hosts, enabled }),
    output: scheduleSchema,
    async handler(call) {
      const { intervalSeconds: intervalS, enabled: isEnabled, ...rest } = call.body;
      const change = { ...rest, intervalS, isEnabled };
      return scheduleJson(await call.deps.schedules.change(call.params.name, change, callerOf(call).name));
    },
  }),
  operation({
    method: 'DELETE',
    path: '/query-schedules/:name',
    permission: 'respond',
    summary: 'Remove a scheduled query; events it led to stay',
    params: object({ name: text }),
    output: scheduleSchema,
    handler: async (call) =>
      scheduleJson(await call.deps.schedules.remove(call.params.name, callerOf(call).name)),
  }),
];
