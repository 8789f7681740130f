import { Matcher, openSchema } from '../../../../shared/sigma/index.ts';
import { columnsOf } from '../../../../shared/sigma/json/columns.ts';
import { readJson } from '../agreement/compare.ts';
import type { NaiveEvent } from '../naive/engine.ts';
import { hitOf, nearMisses } from './events.ts';
import { Random } from './random.ts';
import type { PublicRule, PublicRules } from './rules.ts';

/** One generated event with the rule it was made from. */
export interface MadeEvent {
  readonly rule: PublicRule;
  readonly event: NaiveEvent;
  readonly isHit: boolean;
}

export interface MadeEvents {
  readonly events: readonly MadeEvent[];
  /** Rules no hit was found for, with the reason. */
  readonly without: readonly { readonly rule: PublicRule; readonly reason: string }[];
}

export function makeEvents({ accepted, lists }: PublicRules): MadeEvents {
  const events: MadeEvent[] = [];
  const without: { rule: PublicRule; reason: string }[] = [];
  for (const rule of accepted) {
    const hit = hitOf(rule, lists);
    if (typeof hit === 'string') {
      without.push({ rule, reason: hit });
      continue;
    }
    events.push({ rule, event: hit, isHit: true });
    for (const event of nearMisses(hit)) events.push({ rule, event, isHit: false });
  }
  return { events, without };
}

export interface Disagreement {
  readonly rule: PublicRule;
  readonly event: NaiveEvent;
  readonly naive: boolean;
}

export interface CorpusAgreement {
  readonly disagreements: readonly Disagreement[];
  /** Rule and event pairs both engines were asked. */
  readonly pairs: number;
  readonly matches: number;
}

/** Events in one batch of columns. */
const batchSize = 500;

/**
 * Runs all rules over all events in the indexed engine, and in the naive one each event's own rule, all that matched
 * and `sample` others by chance (all, when Infinity).
 */
export function agreeOnCorpus(
  { accepted }: PublicRules,
  events: readonly MadeEvent[],
  sample: number,
  onBatch: (done: number) => void = () => undefined,
): CorpusAgreement {
  const compiled = accepted.map((rule) => rule.compiled);
  const matcher = new Matcher(compiled, [], (_, error) => {
    throw error;
  });
  const byCompiled = new Map(accepted.map((rule) => [rule.compiled, rule]));
  const random = new Random(1);
  const disagreements: Disagreement[] = [];
  let pairs = 0;
  let matches = 0;
  for (let from = 0; from < events.length; from += batchSize) {
    const batch = events.slice(from, from + batchSize);
    const found = batch.map(() => new Set<PublicRule>());
    matcher.matchAs(columnsOf(readJson(batch.map((e) => e.event))), openSchema(), (rule, row) =>
      found[row]!.add(byCompiled.get(rule)!),
    );
    batch.forEach(({ rule, event }, row) => {
      const some = Number.isFinite(sample)
        ? Array.from({ length: sample }, () => random.pick(accepted))
        : accepted;
      matches += found[row]!.size;
      for (const asked of new Set([rule, ...found[row]!, ...some])) {
        pairs++;
        const naive = asked.holds(event);
        if (naive !== found[row]!.has(asked)) disagreements.push({ rule: asked, event, naive });
      }
    });
    onBatch(from + batch.length);
  }
  return { disagreements, pairs, matches };
}

/** Says one in words, without the rule's own text. */
export function told({ rule, event, naive }: Disagreement): string {
  return `${rule.file}: naive says ${naive}: ${JSON.stringify(event).slice(0, 2_000)}`;
}
