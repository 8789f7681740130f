import type { Hunt, RunningHunt } from '../../hunt/contract.ts';
import { huntParameterTypes } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const parameterName = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' } as const;

export const parameterSchema = object({
  name: parameterName,
  type: oneOf(huntParameterTypes),
  doc: { type: 'string', maxLength: 256 },
  default: nullable({
    type: 'string',
    maxLength: 1024,
    description: 'As text; null where it must be given.',
  }),
});

export const huntSchema = object({
  name: text,
  title: text,
  description: text,
  tags: array(text),
  parameters: array(parameterSchema),
  sql: text,
  isOurs: { type: 'boolean', description: 'It comes with the product.' },
  savedAt: nullable(instant),
  savedBy: nullable(text),
});
export type HuntJson = FromSchema<typeof huntSchema>;

export function huntJson(hunt: Hunt): HuntJson {
  return { ...hunt, savedAt: toIsoOrNull(hunt.savedAt) };
}

export const runningHuntSchema = object({
  id: text,
  name: nullable(text),
  by: text,
  startedAt: instant,
  state: oneOf(['waiting', 'running']),
  percent: nullable({ type: 'number' }),
});
export type RunningHuntJson = FromSchema<typeof runningHuntSchema>;

export function runningHuntJson(hunt: RunningHunt): RunningHuntJson {
  return { ...hunt, startedAt: toIso(hunt.startedAt) };
}
