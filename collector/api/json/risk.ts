import type { Risk } from '../../alerts/risk.ts';
import { levels } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, object, oneOf, text } from '../schema.ts';

const number = { type: 'number', minimum: 0 } as const;

export const riskSchema = object({
  kind: oneOf(['host', 'user']),
  id: { type: 'string', description: 'Id of the host, or name of the user.' },
  name: text,
  score: number,
  alerts: { ...count, description: 'Alerts that count.' },
  contributions: array(
    object({
      alertId: text,
      ruleId: text,
      ruleTitle: text,
      hostName: text,
      level: oneOf(levels),
      confidence: { ...count, description: 'Percent.' },
      lastEventAt: instant,
      repeat: {
        ...count,
        description: 'Which alert of its rule, from 1; each counts half of the one before.',
      },
      points: number,
    }),
    'Why: what adds most, largest first.',
  ),
});
export type RiskJson = FromSchema<typeof riskSchema>;

const rounded = (value: number) => Math.round(value * 100) / 100;

export function riskJson(risk: Risk): RiskJson {
  return {
    ...risk,
    score: rounded(risk.score),
    contributions: risk.contributions.map((one) => ({
      ...one,
      lastEventAt: toIso(one.lastEventAt),
      points: rounded(one.points),
    })),
  };
}
