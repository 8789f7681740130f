import type { RatePoint } from '../../store/contract.ts';
import { count, dictionary, type FromSchema, object } from '../schema.ts';

export const rateSchema = object({
  second: { type: 'integer', description: 'Seconds since the Unix epoch.' },
  counts: dictionary(count, 'Events stored in that second, by type.'),
});
export type RateJson = FromSchema<typeof rateSchema>;

export function rateJson(point: RatePoint): RateJson {
  return point;
}
