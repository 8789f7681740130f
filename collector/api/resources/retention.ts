import type { RetentionChange, RetentionPreview, RetentionState } from '../../retention.ts';
import type { Outdated } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { count, dictionary, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const origin = oneOf(['set', 'configured', 'default'], 'Set here, in the configuration, or neither.');
const days = { type: 'integer', minimum: 0, maximum: 36_500 } as const;
const room = { type: 'integer', minimum: 0, maximum: 2 ** 50 } as const;

const retention = object({
  days: { ...days, description: 'Days events are kept since they came; 0 until room runs out.' },
  daysByType: dictionary(days, 'Other days for some event types.'),
  maxBytes: { ...room, description: 'Of all segments; beyond it the oldest go. 0 for no bound.' },
});

const goes = object({
  segments: count,
  events: count,
  sizeBytes: count,
  eventsByType: dictionary(count),
  keptSince: nullable({ ...instant, description: 'Time of the oldest sealed event that stays.' }),
});

const stateSchema = object({
  inForce: retention,
  from: object({ days: origin, daysByType: origin, maxBytes: origin }),
  configured: { ...retention, description: 'What holds where nothing is set.' },
  changedAt: nullable(instant),
  changedBy: nullable(text),
  goes: { ...goes, description: 'What is deleted at the next look, within a minute.' },
});
export type RetentionJson = FromSchema<typeof stateSchema>;

const previewSchema = object({
  inForce: retention,
  isShorter: { type: 'boolean', description: 'Something is kept for less long, or in less room.' },
  goes,
});
export type RetentionPreviewJson = FromSchema<typeof previewSchema>;

const change = {
  days: { ...nullable(days), description: 'Null or not given, here and below: as configured.' },
  daysByType: nullable(dictionary(days)),
  maxBytes: nullable(room),
} as const;

const changeOf = (body: Partial<RetentionChange>): RetentionChange => ({
  days: body.days ?? null,
  daysByType: body.daysByType ?? null,
  maxBytes: body.maxBytes ?? null,
});

const goesJson = ({ keptSince, ...rest }: Outdated) => ({
  ...rest,
  keptSince: keptSince === null ? null : toIso(keptSince),
});
const previewJson = (preview: RetentionPreview): RetentionPreviewJson => ({
  ...preview,
  goes: goesJson(preview.goes),
});
const stateJson = (state: RetentionState): RetentionJson => ({
  ...state,
  changedAt: state.changedAt === null ? null : toIso(state.changedAt),
  goes: goesJson(state.goes),
});

export const retentionSettings = [
  operation({
    method: 'GET',
    path: '/settings/retention',
    permission: 'administer',
    summary: 'How long events are kept, who said so, and what goes next',
    output: stateSchema,
    handler: async ({ deps }) => stateJson(await deps.retention.state()),
  }),
  operation({
    method: 'POST',
    path: '/settings/retention/preview',
    permission: 'administer',
    summary: 'What a change of retention would delete, with nothing changed',
    body: object({}, change),
    output: previewSchema,
    handler: async ({ deps, body }) => previewJson(await deps.retention.preview(changeOf(body))),
  }),
  operation({
    method: 'PUT',
    path: '/settings/retention',
    permission: 'administer',
    summary: 'Set how long events are kept; what is then too old is deleted within a minute',
    body: object(
      {},
      {
        ...change,
        mayDeleteEvents: {
          ...count,
          description:
            'Needed where something is kept for less long: as many events as the preview named. If more would go by now, nothing is set.',
        },
      },
    ),
    output: stateSchema,
    async handler(call) {
      const { deps, body } = call;
      const { id, name } = callerOf(call);
      return stateJson(await deps.retention.set(changeOf(body), body.mayDeleteEvents, name, id));
    },
  }),
];
