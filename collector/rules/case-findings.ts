import { noAdvisories } from '#shared/detect/detectors/advisory/none.ts';
import { askedFor, DetectorEngine } from '#shared/detect/detectors/engine.ts';
import { detectorSpecs } from '#shared/detect/detectors/registry.ts';
import { rowAt } from '#shared/schema/columns.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import { columnsOfEvent } from './case-events.ts';
import type { CaseEvent, FieldValue } from './case-file.ts';

/** What the detectors that the rules ask for find in the events of a case, as events of it. */
export function findingsOf(
  events: readonly CaseEvent[],
  { rules, detectors }: RuleSet,
  product: string,
): readonly CaseEvent[] {
  const settings = detectors ?? new Map();
  const engine = new DetectorEngine({
    ...{ specs: askedFor(rules, detectorSpecs), settings, advisories: noAdvisories },
  });
  return events.flatMap((event) => {
    const { host, at } = event;
    const origin = { hostId: `${host}-host`, hostName: host, product, eventId: () => '' };
    return engine.observe(origin, [columnsOfEvent(event)]).map((found): CaseEvent => {
      const { type, time: _, ...fields } = rowAt(found.events, 0);
      return { type, at, host, fields: fields as Readonly<Record<string, FieldValue>> };
    });
  });
}
