/**
 * Sigma evaluated the slow and obvious way, straight from the specification (2.1): a rule as plain data against a flat
 * event, every value of every selection in turn. No indexes, and nothing shared with `shared/sigma`; where the
 * specification is unclear it follows the readings that `shared/sigma/README.md` documents.
 */
import { conditionTester } from './condition.ts';
import type { Detection, NaiveEvent } from './event.ts';
import { type Holds, itemTester } from './item.ts';
import type { Lists } from './modifiers.ts';

export type { Detection, NaiveEvent } from './event.ts';
export type { Lists } from './modifiers.ts';

/** Whether the detection of a rule holds for an event. */
export function naiveMatch(detection: Detection, event: NaiveEvent, lists: Lists = {}): boolean {
  return naiveTester(detection, lists)(event);
}

/** The same, read once for many events. Throws on what is not a detection. */
export function naiveTester(detection: Detection, lists: Lists = {}): Holds {
  const searches = new Map<string, Holds>();
  for (const [name, search] of Object.entries(detection))
    if (name !== 'condition') searches.set(name, searchTester(search, lists));
  const { condition } = detection;
  const tests = (Array.isArray(condition) ? condition : [condition]).map((one) =>
    conditionTester(String(one), searches),
  );
  return (event) => tests.some((holds) => holds(event));
}

/** A map is all of its items, a list any of its entries, a lone value a keyword. */
function searchTester(search: unknown, lists: Lists): Holds {
  if (Array.isArray(search)) {
    const tests = search.map((one) => searchTester(one, lists));
    return (event) => tests.some((holds) => holds(event));
  }
  if (typeof search !== 'object' || search === null) return itemTester('', search, lists);
  const tests = Object.entries(search).map(([key, value]) => itemTester(key, value, lists));
  return (event) => tests.every((holds) => holds(event));
}
