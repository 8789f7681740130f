import { type Alert, alertStatuses, alertVerdicts, levels } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
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
import { type EventJson, eventJson, eventSchema } from './event.ts';

const frozenProcess = object({
  entityId: nullable(text),
  pid: nullable({ type: 'integer' }),
  name: nullable(text),
  user: nullable(text),
  commandLine: nullable(text),
  startedAt: nullable(instant),
  depth: count,
  relation: oneOf(['ancestor', 'subject', 'descendant']),
});

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
  response: nullable({ type: 'string', description: 'What to do about it, as the rule says.' }),
  confidence: { ...count, description: 'Percent that it is a true one.' },
  confidenceReason: { type: 'string', description: 'How the confidence came about.' },
  key: nullable({ type: 'string', description: 'The same for all alerts of the rule about the same.' }),
  entity: dictionary(text, 'What it is about, by ECS name; numbers in texts as #.'),
  samples: array(
    object({
      field: text,
      values: array(object({ value: text, count })),
      others: { ...count, description: 'Events with other values.' },
    }),
    'Values in which its events differ.',
  ),
  previousId: nullable({ type: 'string', description: 'The alert about the same before this one.' }),
  storyId: nullable({ type: 'string', description: 'The story it is part of.' }),
  tree: nullable(
    // Absent in lists.
    object({
      at: instant,
      processes: array(frozenProcess, 'Ancestors, the process, descendants; each after its parent.'),
      leftOut: count,
    }),
  ),
  matches: array(matchSchema, 'Every test of the rule that held.'),
  eventIds: array(
    text,
    'Ids of the events that are its evidence: of more than 100 the first and the last 50.',
  ),
  event: eventSchema,
  changedAt: nullable(instant),
  changedBy: nullable(text),
  note: nullable(text),
  verdict: nullable(oneOf(alertVerdicts)),
});

export type AlertJson = Omit<FromSchema<typeof alertSchema>, 'event'> & { readonly event: EventJson };

/** In lists, where trees would be most of it. */
export const alertLineJson = (alert: Alert): AlertJson => alertJson({ ...alert, tree: null });

export function alertJson(alert: Alert): AlertJson {
  const { hostId, hostName } = alert;
  return {
    ...alert,
    raisedAt: toIso(alert.raisedAt),
    firstEventAt: toIso(alert.firstEventAt),
    lastEventAt: toIso(alert.lastEventAt),
    changedAt: toIsoOrNull(alert.changedAt),
    tree: alert.tree && {
      ...alert.tree,
      at: toIso(alert.tree.at),
      processes: alert.tree.processes.map((one) => ({ ...one, startedAt: toIsoOrNull(one.startedAt) })),
    },
    event: eventJson({ id: alert.eventIds[0] ?? '', hostId, hostName, event: alert.event }),
  };
}
