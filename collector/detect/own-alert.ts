import type { Level, NewAlert } from '../store/contract.ts';
import { alertId } from './alert.ts';

/** Something the collector itself saw, not in an event: an attack on the identity of a host. */
export interface Sighting {
  /** Stable id and title of the rule that is ours. */
  readonly rule: OwnRule;
  readonly hostId: string;
  readonly hostName: string;
  /** Microseconds since the epoch. */
  readonly at: number;
  /** One sentence for a person. */
  readonly reason: string;
  /** What was seen, by ECS name. */
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface OwnRule {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly tags: readonly string[];
}

const hourUs = 3_600_000_000;

/** The alert of a sighting. Those of one rule and host within one hour of the clock have one id. */
export function ownAlert({ rule, hostId, hostName, at, reason, fields }: Sighting): NewAlert {
  const matches = Object.entries(fields).map(([field, value]) => ({
    selection: 'collector',
    field,
    value: String(value).slice(0, 512),
    test: 'seen by the collector',
  }));
  return {
    id: alertId(rule.id, hostId, String(Math.floor(at / hourUs))),
    ruleId: rule.id,
    ruleTitle: rule.title,
    level: rule.level,
    hostId,
    hostName,
    raisedAt: at,
    firstEventAt: at,
    lastEventAt: at,
    count: 1,
    tags: rule.tags,
    reason,
    matches,
    eventIds: [],
    event: { ...fields, type: 'collector.identity', time: at, 'host.id': hostId, 'host.name': hostName },
  };
}
