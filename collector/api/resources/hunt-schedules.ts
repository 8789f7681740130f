import { VedetteError } from '#shared/errors.ts';
import { type HuntSchedule, levels, type SqlCell } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import {
  array,
  count,
  dictionary,
  type FromSchema,
  instant,
  nullable,
  object,
  oneOf,
  text,
} from '../schema.ts';

const params = object({ hunt: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$' } });
const everySeconds = { type: 'integer', minimum: 60, maximum: 30 * 86_400 } as const;
const dailyAt = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' } as const;
const spanSeconds = { type: 'integer', minimum: 60, maximum: 400 * 86_400 } as const;
const daySeconds = 86_400;

const cell = { type: ['string', 'number', 'boolean', 'null'] } as const;

const scheduleSchema = object({
  hunt: text,
  everySeconds: nullable({ ...everySeconds, description: 'At whole multiples of it since 1970, UTC.' }),
  dailyAt: nullable({ ...dailyAt, description: 'HH:MM, UTC; where it is not by interval.' }),
  spanSeconds: { ...spanSeconds, description: 'How far back it looks.' },
  level: nullable(oneOf(levels, 'Of the alert about new rows; null: they are only kept.')),
  parameters: dictionary(cell),
  enabled: { type: 'boolean' },
  changedAt: instant,
  changedBy: text,
  nextAt: nullable({ ...instant, description: 'Null while it is off.' }),
  last: nullable(
    object({
      dueAt: instant,
      startedAt: instant,
      endedAt: nullable({ ...instant, description: 'Null while it runs.' }),
      rows: count,
      newRows: { ...count, description: 'That the run before did not find.' },
      isCut: { type: 'boolean', description: 'There were more rows than are looked at.' },
      error: nullable({ type: 'string', description: 'Why it failed.' }),
    }),
  ),
});
export type HuntScheduleJson = FromSchema<typeof scheduleSchema>;

const rowsSchema = object({
  columns: array(object({ name: text, type: text })),
  rows: array(array(cell), 'Values in the order of the columns; lists and objects as JSON.'),
  newRows: array(count, 'Places of those that the run before did not find.'),
  foundAt: nullable(instant),
});
export type HuntScheduleRowsJson = FromSchema<typeof rowsSchema>;

const two = (n: number) => String(n).padStart(2, '0');

function scheduleJson(schedule: HuntSchedule): HuntScheduleJson {
  const { everyS, dailyMinute, last } = schedule;
  return {
    hunt: schedule.hunt,
    everySeconds: everyS,
    dailyAt: dailyMinute === null ? null : `${two(Math.floor(dailyMinute / 60))}:${two(dailyMinute % 60)}`,
    spanSeconds: schedule.spanS,
    level: schedule.level,
    parameters: schedule.parameters,
    enabled: schedule.isEnabled,
    changedAt: toIso(schedule.changedAt),
    changedBy: schedule.changedBy,
    nextAt: schedule.isEnabled ? toIso(schedule.nextAt) : null,
    last: last && {
      ...last,
      dueAt: toIso(last.dueAt),
      startedAt: toIso(last.startedAt),
      endedAt: toIsoOrNull(last.endedAt),
    },
  };
}

const plain = (value: SqlCell) =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

export const huntSchedules = [
  operation({
    method: 'GET',
    path: '/hunt-schedules',
    permission: 'read',
    summary: 'Hunts that run by themselves, when, and how they last went',
    output: object({ items: array(scheduleSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.huntSchedules.list()).map(scheduleJson) }),
  }),
  operation({
    method: 'GET',
    path: '/hunt-schedules/:hunt',
    permission: 'read',
    summary: 'When one hunt runs by itself',
    params,
    output: scheduleSchema,
    handler: async ({ deps, params: { hunt } }) => scheduleJson(await deps.huntSchedules.get(hunt)),
  }),
  operation({
    method: 'GET',
    path: '/hunt-schedules/:hunt/rows',
    permission: 'read',
    summary: 'What a scheduled hunt last found, and what of it was new',
    params,
    output: rowsSchema,
    async handler({ deps, params: { hunt } }) {
      const found = await deps.huntSchedules.result(hunt);
      if (found === undefined) return { columns: [], rows: [], newRows: [], foundAt: null };
      const { columns, rows, fresh, foundAt } = found;
      return { columns, rows: rows.map((row) => row.map(plain)), newRows: fresh, foundAt: toIso(foundAt) };
    },
  }),
  operation({
    method: 'PUT',
    path: '/hunt-schedules/:hunt',
    permission: 'triage',
    summary: 'Let a ready hunt run by itself, or change when and what for',
    params,
    body: object(
      {},
      {
        everySeconds: { ...everySeconds, description: 'Either this or dailyAt.' },
        dailyAt,
        spanSeconds: { ...spanSeconds, default: daySeconds },
        level: nullable(oneOf(levels)),
        parameters: dictionary(cell),
        enabled: { type: 'boolean', default: true },
      },
    ),
    output: scheduleSchema,
    async handler(call) {
      const { deps, params: asked, body } = call;
      if ((body.everySeconds === undefined) === (body.dailyAt === undefined))
        throw new VedetteError('api.invalid', 'Give either everySeconds or dailyAt.');
      const order = {
        hunt: asked.hunt,
        everyS: body.everySeconds ?? null,
        dailyMinute: body.dailyAt === undefined ? null : minuteOf(body.dailyAt),
        spanS: body.spanSeconds ?? daySeconds,
        level: body.level ?? null,
        parameters: body.parameters ?? {},
        isEnabled: body.enabled ?? true,
      };
      return scheduleJson(await deps.huntSchedules.put(order, callerOf(call).name));
    },
  }),
  operation({
    method: 'DELETE',
    path: '/hunt-schedules/:hunt',
    permission: 'triage',
    summary: 'Let a hunt no longer run by itself; its alerts stay',
    params,
    async handler(call) {
      await call.deps.huntSchedules.remove(call.params.hunt, callerOf(call).name);
      return undefined as never;
    },
  }),
];
