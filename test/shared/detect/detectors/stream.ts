import type { Detector } from '#shared/detect/contract.ts';
import { createDetector } from '#shared/detect/detector.ts';
import type { RaisedAlert } from '#shared/detect/raised-alert.ts';
import { type EventType, eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { ColumnarEvents, EventRow } from '#shared/schema/columns.ts';
import { compileRules, parseRules, type RuleSet } from '#shared/sigma/index.ts';

export const start = 1_800_000_000;

/** An event for tests: `at` is in seconds after a fixed start. */
export interface TestEvent {
  readonly type: EventType;
  readonly at: number;
  readonly host?: string;
  readonly [name: string]: unknown;
}

/** A rule on everything a detector tells of. */
export function onlyRule(service: string): string {
  return JSON.stringify({
    title: service,
    id: `all-${service}`,
    logsource: { product: 'vedette', service },
    detection: { all: { 'finding.kind|exists': true }, condition: 'all' },
  });
}

/** Rules that find everything a detector tells of, so that each finding can be looked at. */
export function rulesOn(service: string, set: Readonly<Record<string, number>> = {}): RuleSet {
  const { ruleSet } = compileRules(parseRules(onlyRule(service), 'a.yml').documents, {
    specs: Object.values(eventSpecs),
  });
  return { ...ruleSet, detectors: new Map([[service, new Map(Object.entries(set))]]) };
}

/** Cuts events, in order of time, into batches of `size` and gives them to detection as hosts send them. */
export function run(detector: Detector, events: readonly TestEvent[], size = 1): RaisedAlert[] {
  const found: RaisedAlert[] = [];
  for (let from = 0; from < events.length; ) {
    const { host = 'h1' } = events[from]!;
    let end = from + 1;
    while (end < events.length && end - from < size && (events[end]!.host ?? 'h1') === host) end++;
    found.push(...detect(detector, host, events.slice(from, end), from));
    from = end;
  }
  return found;
}

function detect(detector: Detector, host: string, events: readonly TestEvent[], offset: number) {
  const groups: ColumnarEvents[] = [];
  const ids: string[][] = [];
  for (const type of new Set(events.map((one) => one.type))) {
    const meant = events.flatMap((one, i) => (one.type === type ? [{ one, i }] : []));
    groups.push(
      columnarOf(
        eventSpecs[type],
        meant.map(({ one }) => rowOf(one)),
      ),
    );
    ids.push(meant.map(({ i }) => `${host}:s:${offset + i}`));
  }
  const origin = {
    ...{ hostId: host, hostName: `${host}.lan`, product: 'linux' },
    eventId: (group: number, row: number) => ids[group]![row]!,
    indexOf: () => -1,
  };
  return detector.detect(origin, groups, 0);
}

function rowOf({ at, host: _, ...fields }: TestEvent): EventRow {
  return { ...fields, time: Math.round((start + at) * 1e6) } as EventRow;
}

/** Findings of one detector on events. */
export function findings(
  service: string,
  events: readonly TestEvent[],
  set: Readonly<Record<string, number>> = {},
  size = 1,
): readonly EventRow[] {
  return run(createDetector(rulesOn(service, set)), events, size).map(({ event }) => event);
}

/** The same numbers again and again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
