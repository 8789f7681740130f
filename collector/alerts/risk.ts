/** How much reason there is to look at a host or a user: a function of the alerts and the time, nothing else. */
import { globMatches } from '#shared/glob.ts';
import type { Level, RiskFact } from '../store/contract.ts';

/** What an alert weighs that is certain and has just been seen. */
export const levelWeights: Readonly<Record<Level, number>> = {
  informational: 0,
  low: 5,
  medium: 20,
  high: 50,
  critical: 100,
};

/** What each further alert of one rule counts of the one before. */
const repeatShare = 0.5;
/** Alerts older than this many half-lives count nothing: less than a thousandth of what they did. */
export const lookbackHalfLives = 10;
/** Contributions that are told. */
const toldContributions = 20;

export interface HostWeight {
  /** Glob over host ids and names. */
  readonly hosts: string;
  readonly weight: number;
}

export interface RiskSettings {
  readonly halfLifeUs: number;
  /** The first that fits; 1 where none does. */
  readonly weights: readonly HostWeight[];
}

export const riskKinds = ['host', 'user'] as const;
export type RiskKind = (typeof riskKinds)[number];

/** What one alert adds to a score. */
export interface RiskContribution {
  readonly alertId: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly hostName: string;
  readonly level: Level;
  readonly confidence: number;
  readonly lastEventAt: number;
  /** Which alert of its rule it is, from 1, the weightiest first. */
  readonly repeat: number;
  readonly points: number;
}

export interface Risk {
  readonly kind: RiskKind;
  /** Id of the host, or the name of the user. */
  readonly id: string;
  readonly name: string;
  readonly score: number;
  readonly alerts: number;
  /** The largest first; the others are in the score. */
  readonly contributions: readonly RiskContribution[];
}

function weightOf({ hostId, hostName }: RiskFact, weights: readonly HostWeight[]): number {
  const found = weights.find(({ hosts }) => globMatches(hosts, hostName) || globMatches(hosts, hostId));
  return found?.weight ?? 1;
}

/**
 * Weight of the level × confidence × weight of the host × 2^(-age / half-life); of alerts of one rule the second counts
 * half of that, the third a quarter and so on. What was found true is certain, what was found false is not given.
 */
function riskOf(kind: RiskKind, facts: readonly RiskFact[], now: number, settings: RiskSettings): Risk {
  const weighed = facts
    .map((fact) => {
      const sure = fact.verdict === 'true-positive' ? 100 : fact.confidence;
      const decay = 2 ** (-Math.max(0, now - fact.lastEventAt) / settings.halfLifeUs);
      return {
        fact,
        sure,
        base: ((levelWeights[fact.level] * sure) / 100) * weightOf(fact, settings.weights) * decay,
      };
    })
    .sort((a, b) => b.base - a.base || (a.fact.id < b.fact.id ? -1 : 1));
  const repeats = new Map<string, number>();
  const contributions = weighed.map(({ fact, sure, base }): RiskContribution => {
    const repeat = (repeats.get(fact.ruleId) ?? 0) + 1;
    repeats.set(fact.ruleId, repeat);
    const { id: alertId, ruleId, ruleTitle, hostName, level, lastEventAt } = fact;
    const points = base * repeatShare ** (repeat - 1);
    return { alertId, ruleId, ruleTitle, hostName, level, confidence: sure, lastEventAt, repeat, points };
  });
  const score = contributions.reduce((sum, { points }) => sum + points, 0);
  const first = facts[0] as RiskFact;
  return {
    ...{ kind, score, alerts: facts.length },
    id: kind === 'host' ? first.hostId : (first.user ?? ''),
    name: kind === 'host' ? first.hostName : (first.user ?? ''),
    contributions: contributions.toSorted((a, b) => b.points - a.points).slice(0, toldContributions),
  };
}

/** Of every host and user that any of these alerts is about, the highest first. */
export function risksOf(facts: readonly RiskFact[], now: number, settings: RiskSettings): readonly Risk[] {
  const counted = facts.filter(({ ruleId, level }) => ruleId !== riskRuleId && levelWeights[level] > 0);
  const ofHosts = Map.groupBy(
    counted.filter(({ hostId }) => hostId !== ''),
    ({ hostId }) => hostId,
  );
  const ofUsers = Map.groupBy(
    counted.filter(({ user }) => user !== null),
    ({ user }) => user,
  );
  const risks = [
    ...[...ofHosts.values()].map((of) => riskOf('host', of, now, settings)),
    ...[...ofUsers.values()].map((of) => riskOf('user', of, now, settings)),
  ];
  return risks.sort((a, b) => b.score - a.score || (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1));
}

/** The rule of ours that says that a risk is high; its own alerts are no risk. */
export const riskRuleId = 'vedette-risk-high';
