import type { Level, NewAlert } from '../store/contract.ts';
import { alertId } from './alert.ts';

/** Something the collector itself saw, not in an event: an attack on an identity, or a ledger that does not add up. */
export interface Sighting {
  /** Stable id and title of the rule that is ours. */
  readonly rule: OwnRule;
  /** Dataset of the event that stands for it. */
  readonly dataset:
    | 'collector.identity'
    | 'collector.ledger'
    | 'collector.bundle'
    | 'collector.risk'
    | 'collector.hunt';
  readonly hostId: string;
  readonly hostName: string;
  /** Microseconds since the epoch. */
  readonly at: number;
  /** One sentence for a person. */
  readonly reason: string;
  /** What was seen, by ECS name. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** Sightings of one rule, host and key are one alert; the hour of the clock where there is none. */
  readonly key?: string;
  /** Events that it is about; 1 where there is none. */
  readonly count?: number;
}

export interface OwnRule {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly tags: readonly string[];
  /** What to do about it. */
  readonly response: string;
}

const hourUs = 3_600_000_000;

/** The alert of a sighting. */
export function ownAlert(sighting: Sighting): NewAlert {
  const { rule, dataset, hostId, hostName, at, reason, fields, key, count = 1 } = sighting;
  const matches = Object.entries(fields).map(([field, value]) => ({
    selection: 'collector',
    field,
    value: String(value).slice(0, 512),
    test: 'seen by the collector',
  }));
  return {
    id: alertId(rule.id, hostId, key ?? String(Math.floor(at / hourUs))),
    ruleId: rule.id,
    ruleTitle: rule.title,
    level: rule.level,
    hostId,
    hostName,
    raisedAt: at,
    firstEventAt: at,
    lastEventAt: at,
    count,
    tags: rule.tags,
    // It was seen, not concluded.
    confidence: 'high',
    response: rule.response,
    reason,
    matches,
    eventIds: [],
    event: { ...fields, type: dataset, time: at, 'host.id': hostId, 'host.name': hostName },
  };
}
