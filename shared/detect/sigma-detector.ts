import { eventSpecs } from '../events/registry.gen.ts';
import type { ColumnarEvents } from '../schema/columns.ts';
import {
  CorrelationEngine,
  type FeedScope,
  Matcher,
  type Referred,
  type RestoreOutcome,
  type RuleHeader,
  type RuleSet,
} from '../sigma/index.ts';
import { mergeAlerts } from './alert.ts';
import type { BatchOrigin, Detector, MissedHistory } from './contract.ts';
import { alertOfFiring } from './correlation-alert.ts';
import { correlationTotals } from './correlation-totals.ts';
import { noAdvisories } from './detectors/advisory/none.ts';
import type { AdvisoryIndex, DetectorSpec } from './detectors/contract.ts';
import { askedFor, DetectorEngine } from './detectors/engine.ts';
import { type ExceptionOf, HitFold } from './hit-fold.ts';
import { MatchEvent } from './match-event.ts';
import { missedHistory } from './missed-history.ts';
import { type Explain, PendingMatches } from './pending.ts';
import type { CorrelationTotals, RaisedAlert } from './raised-alert.ts';

/** A rule that failed while it ran and was set aside, or passed over a value that asked too much of it. */
export interface RuleFault {
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly error: unknown;
}

export interface DetectorOptions {
  /** Called once for each rule that fails. */
  readonly onFault?: (fault: RuleFault) => void;
  /** Bounds on correlations where those of a collector are too wide. */
  readonly correlationBounds?: { readonly memoryBytes: number; readonly keys: number };
  /** Alerts of rules of which this holds say neither why they were raised nor what the event was. */
  readonly isBrief?: (rule: RuleHeader) => boolean;
  /** Says which hits are hidden. */
  readonly exceptionOf?: ExceptionOf;
  /** What is known of versions of packages. */
  readonly advisories?: AdvisoryIndex;
}

/** Rules at work on batches, with those of `detectorSpecs` that they ask for. See the contract. */
export class SigmaDetector implements Detector {
  readonly ruleCount: number;
  readonly #rules: RuleSet['rules'];
  readonly #matcher: Matcher;
  readonly #silent: ReadonlySet<Referred>;
  readonly #engine: CorrelationEngine;
  readonly #detectors: DetectorEngine;
  readonly #isBrief: (rule: RuleHeader) => boolean;
  readonly #exceptionOf: ExceptionOf | undefined;
  readonly #headers: ReadonlyMap<string, RuleHeader>;

  constructor(ruleSet: RuleSet, options: DetectorOptions, detectorSpecs: readonly DetectorSpec[]) {
    const { onFault, correlationBounds, isBrief, advisories, exceptionOf } = options;
    this.#exceptionOf = exceptionOf;
    this.#rules = ruleSet.rules;
    this.#headers = new Map([...ruleSet.rules, ...ruleSet.correlations].map(({ rule }) => [rule.id, rule]));
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
    this.#detectors = new DetectorEngine({
      specs: askedFor(ruleSet.rules, detectorSpecs),
      settings: ruleSet.detectors ?? new Map(),
      advisories: advisories ?? noAdvisories,
      onFault: (name, error) =>
        onFault?.({ ruleId: `detector ${name}`, ruleTitle: `The detector ${name}`, error }),
    });
    this.ruleCount = ruleSet.rules.length + ruleSet.correlations.length;
  }

  get lookback(): number {
    return Math.max(this.#engine.lookbackUs, this.#detectors.lookbackUs);
  }

  get revision(): number {
    return this.#engine.revision + this.#detectors.revision;
  }

  get totals(): CorrelationTotals {
    return correlationTotals(this.#engine.stats);
  }

  header(ruleId: string): RuleHeader | undefined {
    return this.#headers.get(ruleId);
  }

  get stats(): Detector['stats'] {
    return this.#engine.stats;
  }

  get detectors(): Detector['detectors'] {
    return this.#detectors.stats;
  }

  snapshot(): Uint8Array | null {
    return this.#engine.snapshot(this.#detectors.sections());
  }

  restore(snapshot: Uint8Array): RestoreOutcome {
    const outcome = this.#engine.restore(snapshot);
    if (!outcome.taken) return outcome;
    return { taken: true, lookbackUs: Math.max(outcome.lookbackUs, this.#detectors.restore(snapshot)) };
  }

  detect(origin: BatchOrigin, groups: readonly ColumnarEvents[], now: number): readonly RaisedAlert[] {
    const fold = new HitFold(this.#exceptionOf);
    const pending = this.#match(origin, groups, (rule, event, explain) =>
      fold.add(rule, event, this.#isBrief(rule) ? null : explain, now),
    );
    const fired = new Map<string, RaisedAlert>();
    pending.forEach((rule, event, explain) => {
      for (const firing of this.#engine.feed(rule, event)) {
        if (this.#silent.has(firing.correlation)) continue;
        const alert = alertOfFiring(firing, event, explain, now, this.#exceptionOf);
        const place = `${alert.id}\0${alert.exceptionId ?? ''}`;
        const before = fired.get(place);
        fired.set(place, before === undefined ? alert : mergeAlerts(before, alert));
      }
    });
    return [...fold.alerts(), ...fired.values()].sort((a, b) => a.firstEventAt - b.firstEventAt);
  }

  matches(events: ColumnarEvents, product: string): boolean {
    let found = false;
    this.#matcher.match(events, product, () => {
      found = true;
    });
    return found;
  }

  replay(origin: BatchOrigin, groups: readonly ColumnarEvents[], scope: FeedScope): void {
    const pending = this.#match(origin, groups, null, scope);
    pending.forEach((rule, event) => {
      this.#engine.feed(rule, event, scope);
    });
  }

  get missed(): MissedHistory | null {
    const spanUs = this.#engine.freshLookbackUs;
    return spanUs === 0 ? null : missedHistory(this.#rules, this.#engine, spanUs);
  }

  /** Runs the rules; tells matches that raise alerts of their own, and gives those that correlations count. */
  #match(
    origin: BatchOrigin,
    groups: readonly ColumnarEvents[],
    onLoud: ((rule: RuleHeader, event: MatchEvent, explain: Explain) => void) | null,
    scope: FeedScope = 'all',
  ): PendingMatches {
    const pending = new PendingMatches();
    const match = (from: BatchOrigin, events: ColumnarEvents, group: number) => {
      const event = new MatchEvent(from, events, group);
      this.#matcher.match(events, from.product, (rule, row, explain) => {
        if (onLoud !== null && !this.#silent.has(rule)) onLoud(rule.rule, event.at(row), explain);
        if (this.#engine.concerns(rule)) pending.add(rule, event, row, explain);
      });
    };
    groups.forEach((events, group) => {
      // An alert of a host quotes what it is about, and findings are made here: to rules they are no events of hosts.
      if (events.type !== 'alert' && events.type !== 'finding') match(origin, events, group);
    });
    for (const found of this.#detectors.observe(origin, groups, scope)) match(found.origin, found.events, 0);
    return pending;
  }
}
