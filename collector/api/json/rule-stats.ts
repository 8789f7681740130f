import { levels } from '../../store/contract.ts';
import { count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

export const ruleStatsSchema = object({
  id: text,
  title: text,
  level: oneOf(levels),
  isLoaded: { type: 'boolean', description: 'False where its alerts are left and the rule is not.' },
  alerts: count,
  events: count,
  hosts: count,
  open: count,
  truePositives: count,
  falsePositives: count,
  lastRaisedAt: nullable(instant),
  costNs: nullable({
    type: 'number',
    description: 'Nanoseconds an event, alone, as the last backtest of it measured.',
  }),
});
export type RuleStatsJson = FromSchema<typeof ruleStatsSchema>;
