import type { EpisodeBounds } from '#shared/detect/episode.ts';
import { EpisodeBook } from '#shared/detect/episode-book.ts';
import type { RuleHeader, RuleSet } from '#shared/sigma/index.ts';
import type { NewAlert } from '../store/contract.ts';
import type { AlertDigest, ExampleAlert, RuleOutcome, Tallied } from './contract.ts';

/** Bounds on what is told apart; what crosses one is counted and not told apart. */
export const tallyBounds = {
  /** Alerts by id. */
  alerts: 1_000_000,
  /** Days, hosts and values of one rule. */
  entries: 2_000,
  /** Of one rule that are told in full. */
  examples: 5,
  /** Alerts of one rule whose values are counted. */
  explained: 1_000,
  /** Of a list that is given. */
  listed: 20,
  /** Characters of a value. */
  valueLength: 256,
} as const;

type Counts = Map<string, number>;

interface RuleTally {
  readonly rule: RuleHeader;
  alerts: number;
  events: number;
  readonly days: Counts;
  readonly hosts: Counts;
  readonly values: Counts;
  readonly examples: ExampleAlert[];
}

type KeptAlert = { -readonly [K in keyof AlertDigest]: AlertDigest[K] };

/** Counts alerts as the control database would keep them if nobody closed any: see record-alert.ts. */
export class Tally {
  readonly #rules = new Map<string, RuleTally>();
  readonly #book: EpisodeBook<KeptAlert>;
  readonly #hostNames = new Map<string, string>();
  /** Raised beyond the bound. */
  uncounted = 0;

  constructor({ rules, correlations }: RuleSet, episodes?: EpisodeBounds) {
    this.#book = new EpisodeBook(episodes);
    for (const { rule } of [...rules, ...correlations])
      this.#rules.set(rule.id, {
        ...{ rule, alerts: 0, events: 0, days: new Map(), hosts: new Map(), values: new Map(), examples: [] },
      });
  }

  /** Whether enough is known of the rule for its next alerts to be counted only. */
  isKnown(ruleId: string): boolean {
    return (this.#rules.get(ruleId)?.alerts ?? 0) >= tallyBounds.explained;
  }

  get alerts(): ReadonlyMap<string, AlertDigest> {
    return this.#book.byId;
  }

  add(alert: NewAlert): void {
    const tally = this.#rules.get(alert.ruleId);
    if (tally === undefined) return;
    tally.events += alert.count;
    const known = this.#book.goingOn(alert);
    if (known !== undefined) {
      known.count += alert.count;
      known.firstEventAt = Math.min(known.firstEventAt, alert.firstEventAt);
      known.lastEventAt = Math.max(known.lastEventAt, alert.lastEventAt);
      return;
    }
    if (this.#book.byId.size >= tallyBounds.alerts) {
      this.uncounted++;
      return;
    }
    const { id, ruleId, count, firstEventAt, lastEventAt } = alert;
    const kept = { id, ruleId, count, firstEventAt, lastEventAt };
    this.#book.add(alert, kept);
    this.#addNew(tally, alert);
  }

  #addNew(tally: RuleTally, alert: NewAlert): void {
    tally.alerts++;
    const { hostId, hostName, firstEventAt } = alert;
    count(tally.days, dayOf(firstEventAt));
    count(tally.hosts, hostId);
    this.#hostNames.set(hostId, hostName);
    for (const { field, value } of alert.matches)
      count(tally.values, `${field ?? ''}\0${value.slice(0, tallyBounds.valueLength)}`);
    if (tally.examples.length >= tallyBounds.examples) return;
    const { id, reason, event, matches } = alert;
    tally.examples.push({ id, hostId, hostName, firstEventAt, reason, event, matches });
  }

  get days(): readonly (Tallied & { readonly day: string })[] {
    const all: Counts = new Map();
    for (const { days } of this.#rules.values()) for (const [day, n] of days) count(all, day, n);
    return daysOf(all);
  }

  /** Of every rule that was compiled, those with most alerts first. */
  outcomes(): readonly Omit<RuleOutcome, 'costNs' | 'difference'>[] {
    return [...this.#rules.values()]
      .map((tally) => this.#outcomeOf(tally))
      .sort((a, b) => b.alerts - a.alerts || (a.title < b.title ? -1 : 1));
  }

  #outcomeOf({ rule, alerts, events, days, hosts, values, examples }: RuleTally) {
    return {
      ...{ id: rule.id, title: rule.title, level: rule.level, alerts, events, examples },
      days: daysOf(days),
      hosts: most(hosts).map(([id, n]) => ({ id, name: this.#hostNames.get(id) ?? id, alerts: n })),
      hostCount: hosts.size,
      values: most(values).map(([key, n]) => {
        const [field = '', value = ''] = key.split('\0');
        return { field, value, alerts: n };
      }),
    };
  }
}

function count(counts: Counts, key: string, by = 1): void {
  const before = counts.get(key);
  if (before !== undefined || counts.size < tallyBounds.entries) counts.set(key, (before ?? 0) + by);
}

function most(counts: Counts): readonly (readonly [string, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, tallyBounds.listed);
}

function daysOf(counts: Counts) {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, alerts]) => ({ day, alerts }));
}

const dayUs = 86_400_000_000;
const dayNames = new Map<number, string>();

function dayOf(us: number): string {
  const day = Math.floor(us / dayUs);
  let name = dayNames.get(day);
  if (name === undefined) {
    name = new Date((day * dayUs) / 1000).toISOString().slice(0, 10);
    if (dayNames.size < tallyBounds.entries) dayNames.set(day, name);
  }
  return name;
}
