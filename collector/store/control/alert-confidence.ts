import type { Confidence } from '#shared/detect/confidence.ts';
import type { AlertVerdict } from '../contract.ts';

/** Percent that a hit is a true one where nothing else is known, by what the rule says. */
export const baseConfidence: Readonly<Record<Confidence, number>> = { low: 30, medium: 60, high: 90 };

/** Earlier alerts of the same rule that are alike. */
export interface EarlierAlerts {
  readonly count: number;
  readonly verdict: AlertVerdict | null;
  readonly isSameHost: boolean;
  readonly isSameEntity: boolean;
}

/** Earlier alerts of the rule that are looked at, the newest first. */
export const lookedAt = 100;
/** What the rule says weighs as much as this many verdicts on the same entity. */
const ruleWeight = 2;
/** What a verdict on another entity weighs. */
const otherWeight = 0.25;
/** As many alerts of the rule on one host of those looked at are usual there. */
const usualOnHost = 20;
const [rareBonus, usualMalus] = [5, 10];
const [least, most] = [5, 99];

export interface ConfidenceWords {
  /** Percent. */
  readonly confidence: number;
  /** How it came about, for people. */
  readonly reason: string;
}

/**
 * The mean of what the rule says and of what people found its earlier alerts to be, those about the same entity before
 * all others; a little more where the rule is new on the host, a little less where it is always there.
 */
export function confidenceOf(said: Confidence, earlier: readonly EarlierAlerts[]): ConfidenceWords {
  const judged = earlier.filter(({ verdict }) => verdict !== null);
  const same = judged.filter(({ isSameEntity }) => isSameEntity);
  const others = judged.filter(({ isSameEntity }) => !isSameEntity);
  const trues = (of: readonly EarlierAlerts[]) =>
    total(of.filter(({ verdict }) => verdict === 'true-positive'));
  const weight = ruleWeight + total(same) + otherWeight * total(others);
  const mean =
    (ruleWeight * baseConfidence[said] + 100 * (trues(same) + otherWeight * trues(others))) / weight;
  const onHost = total(earlier.filter(({ isSameHost }) => isSameHost));
  const isRare = onHost === 0;
  const isUsual = onHost >= usualOnHost;
  const confidence = mean + (isRare ? rareBonus : 0) - (isUsual ? usualMalus : 0);
  const words = [
    `the rule says ${said}`,
    ...verdictWords('about the same', trues(same), total(same)),
    ...verdictWords('of the rule', trues(others), total(others)),
    ...(isRare ? ['its first on this host'] : []),
    ...(isUsual ? ['usual on this host'] : []),
  ];
  return { confidence: Math.round(Math.min(most, Math.max(least, confidence))), reason: words.join('; ') };
}

const total = (of: readonly EarlierAlerts[]) => of.reduce((sum, { count }) => sum + count, 0);

function verdictWords(what: string, trues: number, all: number): readonly string[] {
  return all === 0 ? [] : [`of ${all} judged alerts ${what} ${trues} were true`];
}
