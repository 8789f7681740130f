import { type Alert, alertStatuses, alertVerdicts, levels } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { type EventJson, eventJson, eventSchema } from './event.ts';

const matchSchema = object(
  { selection: text, value: text, test: text },
  {
    field: { type: 'string', description: 'ECS name; absent for keywords.' },
    modifiers: array(text, 'Sigma modifiers of the item.'),
  },
);

export const alertSchema = object({
  id: text,
  ruleId: text,
  ruleTitle: text,
  level: oneOf(levels),
  hostId: text,
  hostName: text,
  status: oneOf(alertStatuses),
  raisedAt: instant,
  firstEventAt: instant,
  lastEventAt: instant,
  count: { ...count, description: 'Events that matched.' },
  tags: array(text, 'Sigma tags, e.g. attack.t1059.004.'),
  reason: { type: 'string', description: 'One sentence on why it fired.' },
  matches: array(matchSchema, 'Every test of the rule that held.'),
  eventIds: array(text, 'Ids of the events that are its evidence, at most 100.'),
  event: eventSchema,
  changedAt: nullable(instant),
  changedBy: nullable(text),
  note: nullable(text),
  verdict: nullable(oneOf(alertVerdicts)),
});

export type AlertJson = Omit<FromSchema<typeof alertSchema>, 'event'> & { readonly event: EventJson };

export function alertJson(alert: Alert): AlertJson {
  const { hostId, hostName } = alert;
  return {
    ...alert,
    raisedAt: toIso(alert.raisedAt),
    firstEventAt: toIso(alert.firstEventAt),
    lastEventAt: toIso(alert.lastEventAt),
    changedAt: toIsoOrNull(alert.changedAt),
    event: eventJson({ id: alert.eventIds[0] ?? '', hostId, hostName, event: alert.event }),
  };
}
