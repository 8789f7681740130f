import { fail, ok, type Result } from '../errors.ts';
import { type EventByType, eventSpecs } from '../events/registry.gen.ts';
import { type ColumnarEvents, type EventRow, rowAt } from '../schema/columns.ts';
import { checkEvent } from '../schema/validate.ts';
import { alertId } from './alert.ts';
import type { BatchOrigin } from './contract.ts';
import { entityOf, entityText } from './entity.ts';
import type { RaisedAlert } from './raised-alert.ts';
import { seenIn } from './seen-values.ts';

export type AlertEvent = EventByType['alert'];

/** Longest text of one field of the evidence, where the event as a whole would be too long. UTF-16 units. */
const longField = 4096;
/** Rules of the collector itself, which no host may speak for. */
const ownRules = /^vedette-/;
/** A subject is two texts (see RaisedAlert). */
const subjectLength = 2;
const maxTests = 64;
const maxEventFields = 512;

/** What a host says of an alert that its rules raised. `ruleset` is the digest of the rules. */
export function eventOfAlert(alert: RaisedAlert, ruleset: string): AlertEvent {
  return {
    type: 'alert',
    time: alert.raisedAt,
    'rule.id': alert.ruleId,
    'rule.name': alert.ruleTitle,
    'rule.level': alert.level,
    'rule.tags': alert.tags,
    'rule.ruleset': ruleset,
    'alert.subject': JSON.stringify(alert.subject),
    ...(alert.isGroup === true && { 'alert.group': true }),
    'alert.reason': alert.reason,
    'alert.matches': JSON.stringify(alert.matches),
    'alert.event': eventText(alert.event),
    'alert.event_ids': alert.eventIds,
    'alert.count': alert.count,
    'alert.first_at': alert.firstEventAt,
    'alert.last_at': alert.lastEventAt,
  };
}

function eventText(event: EventRow): string {
  const text = JSON.stringify(event);
  if (text.length <= eventSpecs.alert.fields['alert.event'].max) return text;
  return JSON.stringify(event, (_, value: unknown) =>
    typeof value === 'string' ? value.slice(0, longField).toWellFormed() : value,
  );
}

/**
 * The alerts that a host raised itself, of a group of events of type `alert`, in their order; `event.invalid` for one
 * that cannot be believed. What the rule says of its alerts is for whoever has the rule. Whose alert it is comes from the connection, never from the event: the id is derived anew, a
 * correlation must be of a group of this host.
 */
export function alertsOfEvents(
  origin: BatchOrigin,
  events: ColumnarEvents,
  group: number,
  now: number,
): readonly Result<RaisedAlert>[] {
  return Array.from({ length: events.count }, (_, row) => {
    try {
      return alertOfRow(origin, rowAt(events, row), origin.eventId(group, row), now);
    } catch (error) {
      return fail('event.invalid', `alert: ${(error as Error).message}.`);
    }
  });
}

function alertOfRow(origin: BatchOrigin, raw: EventRow, id: string, now: number): Result<RaisedAlert> {
  const checked = checkEvent(eventSpecs.alert, raw);
  if (!checked.ok) return checked;
  const row = checked.value as unknown as AlertEvent;
  const ruleId = row['rule.id'];
  if (ownRules.test(ruleId)) return fail('event.invalid', `alert: ${ruleId} is a rule of the collector.`);
  const subject = subjectOf(row, origin.hostId);
  const event = eventOf(JSON.parse(row['alert.event']));
  const count = row['alert.count'];
  const isGroup = row['alert.group'] === true;
  if (subject === undefined || event === undefined || count < 1)
    return fail('event.invalid', `alert: what ${id} says it is about is not of its host.`);
  const eventIds = (row['alert.event_ids'] ?? []).filter((one) => one.startsWith(`${origin.hostId}:`));
  return ok({
    ...(isGroup ? ofGroup(ruleId, subject) : ofEntity(ruleId, origin.hostId, event, eventIds[0] ?? id)),
    ruleId,
    ruleTitle: row['rule.name'],
    level: row['rule.level'],
    hostId: origin.hostId,
    hostName: origin.hostName,
    raisedAt: now,
    firstEventAt: row['alert.first_at'],
    lastEventAt: row['alert.last_at'],
    count,
    tags: row['rule.tags'] ?? [],
    reason: row['alert.reason'],
    matches: matchesOf(JSON.parse(row['alert.matches'])),
    eventIds,
    seen: isGroup ? {} : seenIn(event),
    confidence: 'medium',
    response: null,
    event: { ...event, 'host.id': origin.hostId, 'host.name': origin.hostName },
    ...(isGroup && { isGroup }),
  });
}

type Identity = Pick<RaisedAlert, 'id' | 'key' | 'subject' | 'entity'>;

/** The entity comes from the event that is quoted, whatever the host's agent takes for one. */
function ofEntity(ruleId: string, hostId: string, event: EventRow, firstId: string): Identity {
  const entity = entityOf(event);
  const subject = [hostId, entityText(event.type, entity)];
  return { id: alertId(ruleId, ...subject, firstId), key: alertId(ruleId, ...subject), subject, entity };
}

function ofGroup(ruleId: string, subject: readonly string[]): Identity {
  return { id: alertId(ruleId, ...subject), key: alertId(ruleId, subject[0]!), subject, entity: {} };
}

/** Of a rule `[host, …]`, of a correlation `[values of the group as JSON, episode]` with the host among the values. */
function subjectOf(row: AlertEvent, hostId: string): readonly string[] | undefined {
  const subject: unknown = JSON.parse(row['alert.subject']);
  if (!Array.isArray(subject) || subject.length !== subjectLength) return undefined;
  if (!subject.every((part) => typeof part === 'string')) return undefined;
  const [whose] = subject as [string, string];
  if (row['alert.group'] !== true) return whose === hostId ? subject : undefined;
  const values: unknown = JSON.parse(whose);
  return Array.isArray(values) && values.includes(hostId) ? subject : undefined;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function eventOf(value: unknown): EventRow | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = Object.entries(value).filter(
    ([, one]) => isScalar(one) || (Array.isArray(one) && one.every(isScalar)),
  );
  const event = Object.fromEntries(fields.slice(0, maxEventFields));
  return typeof event['type'] === 'string' && Number.isFinite(event['time'])
    ? (event as EventRow)
    : undefined;
}

function matchesOf(value: unknown): RaisedAlert['matches'] {
  if (!Array.isArray(value)) throw new Error('its matches are no list');
  return value.slice(0, maxTests).map((one: unknown) => {
    const { selection, field, value: found, test, modifiers } = (one ?? {}) as Record<string, unknown>;
    const isSound = [selection, found, test].every((text) => typeof text === 'string');
    if (!isSound || !Array.isArray(modifiers)) throw new Error('a match is incomplete');
    return {
      selection: String(selection),
      ...(typeof field === 'string' && { field }),
      value: String(found),
      test: String(test),
      modifiers: modifiers.map(String),
    };
  });
}
