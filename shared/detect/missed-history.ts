import { eventSpecs } from '../events/registry.gen.ts';
import type { ColumnarEvents } from '../schema/columns.ts';
import { type CompiledRule, type CorrelationEngine, Matcher } from '../sigma/index.ts';
import type { BatchOrigin, MissedHistory } from './contract.ts';
import { MatchEvent } from './match-event.ts';
import { PendingMatches } from './pending.ts';

/**
 * What the fresh correlations of an engine count: matches of few of all rules, so that most of what is stored need not
 * be read. Findings of detectors are none of it: what they learn from is every event.
 */
export function missedHistory(
  rules: readonly CompiledRule[],
  engine: CorrelationEngine,
  spanUs: number,
): MissedHistory {
  // A rule that throws here throws in detection too, where it is told.
  const matcher = new Matcher(
    rules.filter((rule) => engine.concerns(rule, 'fresh')),
    Object.values(eventSpecs),
    () => undefined,
  );
  return {
    spanUs,
    // An alert of a host quotes what it is about, and findings are made by detectors: to rules they are no events of hosts.
    concerns: (type, product) => type !== 'alert' && type !== 'finding' && matcher.concerns(type, product),
    rows(events, product) {
      const found = new Set<number>();
      matcher.match(events, product, (_, row) => found.add(row));
      return [...found].sort((a, b) => a - b);
    },
    feed(origin: BatchOrigin, groups: readonly ColumnarEvents[]) {
      const pending = new PendingMatches();
      for (const [group, events] of groups.entries()) {
        const event = new MatchEvent(origin, events, group);
        matcher.match(events, origin.product, (rule, row, explain) => pending.add(rule, event, row, explain));
      }
      pending.forEach((rule, event) => {
        engine.feed(rule, event, 'fresh');
      });
    },
  };
}
