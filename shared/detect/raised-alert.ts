import type { EventRow } from '../schema/columns.ts';
import type { MatchedTest, RuleLevel } from '../sigma/index.ts';
import type { Confidence } from './confidence.ts';
import type { Entity } from './entity.ts';
import type { SeenValues } from './seen-values.ts';

/** What detection raises, on a host or at the collector. Instants are microseconds since the epoch. */
export interface RaisedAlert {
  /** Of the rule, the entity and the first event; of a correlation of the rule, the group and the episode. */
  readonly id: string;
  /** The same for all alerts of the rule about one entity of the host, or about one group of a correlation. */
  readonly key: string;
  /** Whom or what it is about: of a rule the host and the entity, of a correlation group and episode. */
  readonly subject: readonly string[];
  /** The entity by field, for people. */
  readonly entity: Entity;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly level: RuleLevel;
  /** How likely a hit of the rule is a true one, as the rule says. */
  readonly confidence: Confidence;
  /** What to do about it, as the rule says; null where it says nothing. */
  readonly response: string | null;
  readonly hostId: string;
  readonly hostName: string;
  readonly raisedAt: number;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  /** Events that matched. */
  readonly count: number;
  readonly tags: readonly string[];
  /** One sentence a person understands. */
  readonly reason: string;
  readonly matches: readonly MatchedTest[];
  /** Ids of the events that are its evidence: of more than 100 the first and the last 50. */
  readonly eventIds: readonly string[];
  /** The first of them. */
  readonly event: EventRow;
  /** Values in which its events differ. */
  readonly seen: SeenValues;
  /** Its subject is a group of a correlation. */
  readonly isGroup?: true;
  /** The exception that hides it: it is counted there and is no alert. */
  readonly exceptionId?: string;
}

/** What all correlations hold, and what they left out since the start. */
export interface CorrelationTotals {
  readonly groups: number;
  readonly sizeBytes: number;
  readonly evicted: number;
  readonly tooLate: number;
  readonly dropped: number;
  readonly unusable: number;
}
