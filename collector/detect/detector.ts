import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type ColumnarEvents, valueAt } from '#shared/schema/columns.ts';
import {
  type CompiledRule,
  type MatchedTest,
  Matcher,
  type RuleHeader,
  type RuleSet,
} from '#shared/sigma/index.ts';
import type { NewAlert } from '../store/contract.ts';
import { alertId, type Evidence, evidenceEvent, mergeAlerts, newAlert, reasonOf } from './alert.ts';
import type { BatchOrigin, Detector } from './contract.ts';
import { Correlations } from './correlations.ts';

/** A rule that failed while it ran and was set aside. */
export interface RuleFault {
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly error: unknown;
}

export interface DetectorOptions {
  /** Called once for each rule that is set aside. */
  readonly onFault?: (fault: RuleFault) => void;
}

/** A match waiting to be fed to correlations in order of time. */
interface Pending {
  readonly rule: CompiledRule;
  readonly evidence: Evidence;
  readonly matches: readonly MatchedTest[];
}

/** Rules at work on batches. See the contract. */
export function createDetector(ruleSet: RuleSet, options: DetectorOptions = {}): Detector {
  return new SigmaDetector(ruleSet, options);
}

class SigmaDetector implements Detector {
  readonly ruleCount: number;
  readonly #matcher: Matcher;
  readonly #silent: ReadonlySet<CompiledRule>;
  readonly #correlations: Correlations;
  readonly #onFault: (fault: RuleFault) => void;

  constructor(ruleSet: RuleSet, { onFault }: DetectorOptions) {
    this.#onFault = onFault ?? (() => {});
    const report = (rule: RuleHeader, error: unknown) =>
      this.#onFault({ ruleId: rule.id, ruleTitle: rule.title, error });
    this.#matcher = new Matcher(ruleSet.rules, Object.values(eventSpecs), (compiled, error) =>
      report(compiled.rule, error),
    );
    this.#silent = ruleSet.silent;
    this.#correlations = new Correlations(ruleSet.correlations, report);
    this.ruleCount = ruleSet.rules.length + ruleSet.correlations.length;
  }

  get lookback(): number {
    return this.#correlations.lookbackUs;
  }

  detect(origin: BatchOrigin, groups: readonly ColumnarEvents[], now: number): readonly NewAlert[] {
    const alerts = new Map<string, NewAlert>();
    const raise = (alert: NewAlert) => {
      const before = alerts.get(alert.id);
      alerts.set(alert.id, before === undefined ? alert : mergeAlerts(before, alert));
    };
    const pending: Pending[] = [];
    groups.forEach((events, group) => {
      this.#matcher.match(events, origin.product, (rule, row, explain) => {
        const evidence: Evidence = {
          ...{ origin, events, group, row },
          time: events.times[row]!,
          eventId: origin.eventId(group, row),
        };
        const matches = explain();
        if (!this.#silent.has(rule)) raise(alertOf(rule.rule, evidence, matches, now));
        if (this.#correlations.concern(rule)) pending.push({ rule, evidence, matches });
      });
    });
    pending.sort((a, b) => a.evidence.time - b.evidence.time);
    for (const { rule, evidence, matches } of pending) {
      for (const alert of this.#correlations.feed(rule, evidence, matches, now)) raise(alert);
    }
    return [...alerts.values()].sort((a, b) => a.firstEventAt - b.firstEventAt);
  }
}

function alertOf(
  rule: RuleHeader,
  evidence: Evidence,
  matches: readonly MatchedTest[],
  now: number,
): NewAlert {
  const { origin, events, row, time, eventId } = evidence;
  const column = events.columns.get('process.entity_id');
  const entity = column === undefined ? undefined : valueAt(column, row);
  const subject = entity === undefined ? `event ${eventId}` : `process ${String(entity)}`;
  return newAlert({
    id: alertId(rule.id, origin.hostId, subject),
    reason: reasonOf(rule.title, matches, evidenceEvent(evidence)),
    ...{ rule, evidence, matches, now, firstEventAt: time, lastEventAt: time, count: 1, eventIds: [eventId] },
  });
}
