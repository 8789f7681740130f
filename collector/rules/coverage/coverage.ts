import type { CompiledCorrelation, CompiledRule, RuleSet } from '#shared/sigma/index.ts';
import { type Feed, feedOf } from './feed.ts';

/** A technique, or what is below one, of MITRE ATT&CK as tags of rules name it. */
export interface CoveredTechnique {
  /** `T1059.004`. */
  readonly id: string;
  /** Of the rules that name it; ATT&CK itself is not asked. */
  readonly tactics: readonly string[];
  readonly rules: number;
  /** Rules that events of our sensors can match. */
  readonly fed: number;
  /** Alerts in the time that was asked about; null where nobody could be asked. */
  readonly alerts: number | null;
  readonly ruleIds: readonly string[];
}

export interface CoveredRule {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly techniques: readonly string[];
  readonly tactics: readonly string[];
  readonly feed: Feed;
  readonly alerts: number | null;
}

export interface Coverage {
  readonly techniques: readonly CoveredTechnique[];
  /** In the order of an attack. */
  readonly tactics: readonly { readonly name: string; readonly techniques: readonly string[] }[];
  readonly rules: readonly CoveredRule[];
  readonly summary: {
    readonly rules: number;
    readonly fed: number;
    readonly withoutTechnique: number;
    readonly techniques: number;
    readonly fedTechniques: number;
    /** Techniques of which an alert was raised. */
    readonly fired: number | null;
  };
}

/** Tactics of ATT&CK for enterprises in their order; Sigma writes their names in tags with hyphens. */
export const tactics = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'stealth',
  'defense-impairment',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
] as const;

/** Where a technique stands that no rule names with a tactic. */
const noTactic = 'other';

/** What rules cover, what of it sensors feed, and what was seen of it; `alertsOf` gives the alerts of a rule. */
export function coverageOf(ruleSet: RuleSet, alertsOf?: (ruleId: string) => number): Coverage {
  const feeds = new Map(ruleSet.rules.map((compiled) => [compiled, feedOf(compiled)]));
  const rules = [...ruleSet.rules, ...ruleSet.correlations].map((one) => coveredRule(one, feeds, alertsOf));
  const named = Map.groupBy(
    rules.flatMap((rule) => rule.techniques.map((technique) => ({ technique, rule }))),
    ({ technique }) => technique,
  );
  const techniques = [...named]
    .map(([id, of]): CoveredTechnique => {
      const own = of.map(({ rule }) => rule);
      const inOrder = tactics.filter((tactic) => own.some((rule) => rule.tactics.includes(tactic)));
      return {
        id,
        tactics: inOrder.length > 0 ? inOrder : [noTactic],
        rules: own.length,
        fed: own.filter(({ feed }) => feed.fed).length,
        alerts: alertsOf === undefined ? null : own.reduce((sum, { alerts }) => sum + (alerts ?? 0), 0),
        ruleIds: own.map((rule) => rule.id),
      };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    techniques,
    tactics: [...tactics, noTactic].flatMap((name) => {
      const own = techniques.filter((technique) => technique.tactics.includes(name));
      return own.length === 0 ? [] : [{ name, techniques: own.map(({ id }) => id) }];
    }),
    rules,
    summary: {
      rules: rules.length,
      fed: rules.filter(({ feed }) => feed.fed).length,
      withoutTechnique: rules.filter((rule) => rule.techniques.length === 0).length,
      techniques: techniques.length,
      fedTechniques: techniques.filter(({ fed }) => fed > 0).length,
      fired: alertsOf === undefined ? null : techniques.filter(({ alerts }) => (alerts ?? 0) > 0).length,
    },
  };
}

function coveredRule(
  one: CompiledRule | CompiledCorrelation,
  feeds: ReadonlyMap<CompiledRule, Feed>,
  alertsOf: ((ruleId: string) => number) | undefined,
): CoveredRule {
  const { id, title, level, tags } = one.rule;
  const words = tags.filter((tag) => tag.startsWith('attack.')).map((tag) => tag.slice('attack.'.length));
  return {
    ...{ id, title, level },
    techniques: [
      ...new Set(words.filter((word) => /^t\d{4}(?:\.\d{3})?$/i.test(word)).map((w) => w.toUpperCase())),
    ],
    tactics: words
      .map((word) => word.replaceAll('_', '-'))
      .filter((word) => (tactics as readonly string[]).includes(word)),
    feed: 'refers' in one ? feedOfAll(one, feeds) : (feeds.get(one) as Feed),
    alerts: alertsOf?.(id) ?? null,
  };
}

/** A correlation is fed where every rule it counts is. */
function feedOfAll({ over }: CompiledCorrelation, feeds: ReadonlyMap<CompiledRule, Feed>): Feed {
  const all = over.map((rule) => feeds.get(rule) as Feed);
  const starved = all.find((feed) => !feed.fed);
  if (starved !== undefined) return starved;
  return { fed: true, types: [...new Set(all.flatMap((feed) => (feed.fed ? feed.types : [])))] };
}
