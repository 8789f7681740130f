import type { AlertException } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { count, type FromSchema, instant, nullable, object, text } from '../schema.ts';

const expiringSoonUs = 7 * 86_400_000_000;

export const exceptionSchema = object({
  id: text,
  ruleId: nullable(text),
  key: nullable(text),
  hosts: nullable(text),
  filter: text,
  reason: text,
  madeAt: instant,
  madeBy: text,
  expiresAt: instant,
  isExpired: { type: 'boolean' },
  expiresSoon: { type: 'boolean', description: 'Within seven days.' },
  hits: { ...count, description: 'Events it has hidden.' },
  lastHitAt: nullable(instant),
  lastHost: nullable(text),
  lastRule: nullable(text),
});
export type ExceptionJson = FromSchema<typeof exceptionSchema>;

export function exceptionJson(exception: AlertException, now: number): ExceptionJson {
  const { expiresAt, madeAt, lastHitAt, ...rest } = exception;
  const isExpired = expiresAt <= now;
  return {
    ...rest,
    madeAt: toIso(madeAt),
    expiresAt: toIso(expiresAt),
    isExpired,
    expiresSoon: !isExpired && expiresAt <= now + expiringSoonUs,
    lastHitAt: toIsoOrNull(lastHitAt),
  };
}
