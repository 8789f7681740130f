import type { EventRow } from '../schema/columns.ts';
import type { MatchedTest, RuleLevel } from '../sigma/index.ts';

/** What detection raises, on a host or at the collector. Instants are microseconds since the epoch. */
export interface RaisedAlert {
  /** `alertId` of the rule and the subject. */
  readonly id: string;
  /** Whom or what it is about: of a rule the host and its process or event, of a correlation group and episode. */
  readonly subject: readonly string[];
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly level: RuleLevel;
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
  /** Ids of the events that are its evidence, at most 100. */
  readonly eventIds: readonly string[];
  /** The first of them. */
  readonly event: EventRow;
  /** Of a correlation: the same for all alerts about one of its groups. */
  readonly groupKey?: string;
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
