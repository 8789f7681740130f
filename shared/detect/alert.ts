import { hash } from 'node:crypto';
import { type ColumnarEvents, type EventRow, rowAt } from '../schema/columns.ts';
import type { MatchedTest, RuleHeader } from '../sigma/index.ts';
import { confidences } from './confidence.ts';
import type { BatchOrigin } from './contract.ts';
import type { Entity } from './entity.ts';
import { joinEvidence } from './evidence-list.ts';
import type { RaisedAlert } from './raised-alert.ts';
import type { SeenValues } from './seen-values.ts';

/** An event that matched, with what an alert about it needs. */
export interface Evidence {
  readonly origin: BatchOrigin;
  readonly events: ColumnarEvents;
  readonly group: number;
  readonly row: number;
  readonly time: number;
  readonly eventId: string;
}

/** The same inputs always give the same id. */
export function alertId(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32);
}

/** The row as an object, with where it came from. */
export function evidenceEvent({ origin, events, row, eventId }: Evidence): EventRow {
  return {
    ...rowAt(events, row),
    'host.id': origin.hostId,
    'host.name': origin.hostName,
    'event.id': eventId,
  };
}

/** What a rule says of its alerts besides who, what and where: plain attributes of ours. */
export function adviceOf({ attributes }: RuleHeader): Pick<RaisedAlert, 'confidence' | 'response'> {
  const said = attributes.get('confidence');
  const response = attributes.get('response');
  return {
    confidence: confidences.find((one) => one === said) ?? 'medium',
    response: typeof response === 'string' && response.trim() !== '' ? oneLine(response) : null,
  };
}

const adviceLength = 1024;
const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ').slice(0, adviceLength);

interface AlertParts {
  readonly id: string;
  readonly key: string;
  /** See RaisedAlert. */
  readonly subject: readonly string[];
  readonly entity: Entity;
  readonly rule: RuleHeader;
  readonly evidence: Evidence;
  /** Null where nobody wants to know: then the alert does not hold the event either. */
  readonly matches: readonly MatchedTest[] | null;
  readonly reason: (event: EventRow) => string;
  readonly now: number;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  readonly count: number;
  readonly eventIds: readonly string[];
  readonly seen: SeenValues;
  readonly exceptionId?: string;
  readonly isGroup?: true;
}

export function newAlert({ rule, evidence, matches, reason, now, ...rest }: AlertParts): RaisedAlert {
  const { events, time } = evidence;
  const event = matches === null ? { type: events.type, time } : evidenceEvent(evidence);
  return {
    ...rest,
    ruleId: rule.id,
    ruleTitle: rule.title,
    level: rule.level,
    ...adviceOf(rule),
    hostId: evidence.origin.hostId,
    hostName: evidence.origin.hostName,
    raisedAt: now,
    tags: rule.tags,
    reason: reason(event),
    matches: matches ?? [],
    event,
  };
}

/** One alert for two of one entity: the first one's words, both ones' events. */
export function mergeAlerts(a: RaisedAlert, b: RaisedAlert): RaisedAlert {
  return {
    ...a,
    firstEventAt: Math.min(a.firstEventAt, b.firstEventAt),
    lastEventAt: Math.max(a.lastEventAt, b.lastEventAt),
    count: a.count + b.count,
    eventIds: joinEvidence(a.eventIds, b.eventIds),
  };
}
