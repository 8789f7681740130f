import { eventSpecs } from '../events/registry.gen.ts';
import { type ColumnarEvents, valueAt } from '../schema/columns.ts';
import {
  CorrelationEngine,
  type FeedScope,
  type MatchedTest,
  Matcher,
  type Referred,
  type RestoreOutcome,
  type RuleHeader,
  type RuleSet,
} from '../sigma/index.ts';
import { type Evidence, mergeAlerts, newAlert, reasonOf } from './alert.ts';
import type { BatchOrigin, Detector } from './contract.ts';
import { alertOfFiring } from './correlation-alert.ts';
import { correlationTotals } from './correlation-totals.ts';
import { MatchEvent } from './match-event.ts';
import { type Explain, PendingMatches } from './pending.ts';
import type { CorrelationTotals, RaisedAlert } from './raised-alert.ts';

/** A rule that failed while it ran and was set aside. */
export interface RuleFault {
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly error: unknown;
}

export interface DetectorOptions {
  /** Called once for each rule that is set aside. */
  readonly onFault?: (fault: RuleFault) => void;
  /** Bounds on correlations where those of a collector are too wide. */
  readonly correlationBounds?: { readonly memoryBytes: number; readonly keys: number };
  /** Alerts of rules of which this holds say neither why they were raised nor what the event was. */
  readonly isBrief?: (rule: RuleHeader) => boolean;
}

/** Rules at work on batches. See the contract. */
export function createDetector(ruleSet: RuleSet, options: DetectorOptions = {}): Detector {
  return new SigmaDetector(ruleSet, options);
}

class SigmaDetector implements Detector {
  readonly ruleCount: number;
  readonly #matcher: Matcher;
  readonly #silent: ReadonlySet<Referred>;
  readonly #engine: CorrelationEngine;
  readonly #isBrief: (rule: RuleHeader) => boolean;

  constructor(ruleSet: RuleSet, { onFault, correlationBounds, isBrief }: DetectorOptions) {
    this.#isBrief = isBrief ?? (() => false);
    const report = ({ id, title }: RuleHeader, error: unknown) =>
      onFault?.({ ruleId: id, ruleTitle: title, error });
    this.#matcher = new Matcher(ruleSet.rules, Object.values(eventSpecs), (compiled, error) =>
      report(compiled.rule, error),
    );
    this.#silent = ruleSet.silent;
    this.#engine = new CorrelationEngine(ruleSet.correlations, {
      onFault: ({ rule }, error) => report(rule, error),
      ...correlationBounds,
    });
    this.ruleCount = ruleSet.rules.length + ruleSet.correlations.length;
  }

  get lookback(): number {
    return this.#engine.lookbackUs;
  }

  get revision(): number {
    return this.#engine.revision;
  }

  get totals(): CorrelationTotals {
    return correlationTotals(this.#engine.stats);
  }

  get stats(): Detector['stats'] {
    return this.#engine.stats;
  }

  snapshot(): Uint8Array | null {
    return this.#engine.snapshot();
  }

  restore(snapshot: Uint8Array): RestoreOutcome {
    return this.#engine.restore(snapshot);
  }

  detect(origin: BatchOrigin, groups: readonly ColumnarEvents[], now: number): readonly RaisedAlert[] {
    const alerts = new Map<string, RaisedAlert>();
    const raise = (alert: RaisedAlert) => {
      const before = alerts.get(alert.id);
      alerts.set(alert.id, before === undefined ? alert : mergeAlerts(before, alert));
    };
    const pending = this.#match(origin, groups, (rule, event, explain) =>
      raise(alertOf(rule, event.evidence(), this.#isBrief(rule) ? null : explain(), now)),
    );
    pending.forEach((rule, event, explain) => {
      for (const firing of this.#engine.feed(rule, event))
        if (!this.#silent.has(firing.correlation)) raise(alertOfFiring(firing, event, explain, now));
    });
    return [...alerts.values()].sort((a, b) => a.firstEventAt - b.firstEventAt);
  }

  matches(events: ColumnarEvents, product: string): boolean {
    let found = false;
    this.#matcher.match(events, product, () => {
      found = true;
    });
    return found;
  }

  replay(origin: BatchOrigin, groups: readonly ColumnarEvents[], scope: FeedScope): void {
    const pending = this.#match(origin, groups, null);
    pending.forEach((rule, event) => {
      this.#engine.feed(rule, event, scope);
    });
  }

  /** Runs the rules; tells matches that raise alerts of their own, and gives those that correlations count. */
  #match(
    origin: BatchOrigin,
    groups: readonly ColumnarEvents[],
    onLoud: ((rule: RuleHeader, event: MatchEvent, explain: Explain) => void) | null,
  ): PendingMatches {
    const pending = new PendingMatches();
    groups.forEach((events, group) => {
      // An alert of a host quotes what it is about; to rules it is no event.
      if (events.type === 'alert') return;
      const event = new MatchEvent(origin, events, group);
      this.#matcher.match(events, origin.product, (rule, row, explain) => {
        if (onLoud !== null && !this.#silent.has(rule)) onLoud(rule.rule, event.at(row), explain);
        if (this.#engine.concerns(rule)) pending.add(rule, event, row, explain);
      });
    });
    return pending;
  }
}

/** Without matches it is a brief one. */
function alertOf(
  rule: RuleHeader,
  evidence: Evidence,
  matches: readonly MatchedTest[] | null,
  now: number,
): RaisedAlert {
  const { origin, events, row, time, eventId } = evidence;
  const column = events.columns.get('process.entity_id');
  const entity = column === undefined ? undefined : valueAt(column, row);
  const subject = entity === undefined ? `event ${eventId}` : `process ${String(entity)}`;
  return newAlert({
    subject: [origin.hostId, subject],
    reason: (event) => (matches === null ? '' : reasonOf(rule.title, matches, event)),
    ...{ rule, evidence, matches, now, firstEventAt: time, lastEventAt: time, count: 1, eventIds: [eventId] },
  });
}
