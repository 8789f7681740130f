import type { ColumnarEvents } from '../../schema/columns.ts';
import { fold } from '../fold.ts';
import type { Bound } from './bind.ts';
import { fieldsAgree, textsAt } from './evaluate.ts';

/** One test that held: which selection, field and value, and what the rule asked for. */
export interface MatchedTest {
  readonly selection: string;
  /** ECS name; absent for keywords. */
  readonly field?: string;
  /** Value found, cut to 512 characters. */
  readonly value: string;
  /** What the rule says, e.g. `endswith '/nc'`. */
  readonly test: string;
}

/** Tests listed per match, and characters of a value. */
export const explanationBounds = { tests: 32, valueLength: 512, testLength: 256 } as const;

/**
 * The tests by which a condition held for a row: those that are true and not under `not`, in the branches that are
 * true. A match through absence alone gives none.
 */
export function explain(bound: Bound, events: ColumnarEvents, row: number): readonly MatchedTest[] {
  const found: MatchedTest[] = [];
  collect(bound, events, row, found);
  const seen = new Set<string>();
  return found
    .filter(({ selection, field, test }) => {
      const key = `${selection}\0${field}\0${test}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, explanationBounds.tests);
}

/** Whether the condition holds; adds the tests that made it. */
function collect(bound: Bound, events: ColumnarEvents, row: number, found: MatchedTest[]): boolean {
  switch (bound.op) {
    case 'constant':
      return bound.value;
    case 'not':
      return !collect(bound.of, events, row, []);
    case 'compare-fields': {
      if (!fieldsAgree(bound, events, row)) return false;
      const { selection, text } = bound.comparison;
      found.push(matched(selection, bound.column, textsAt(events, bound.column, row)[0] ?? '', text));
      return true;
    }
    case 'slot': {
      const hit = valueThatHolds(bound, events, row);
      if (hit === undefined) return false;
      found.push(matched(bound.predicate.selection, bound.column ?? undefined, hit, bound.predicate.text));
      return true;
    }
    case 'at-least': {
      const inner: MatchedTest[] = [];
      const held = bound.of.filter((part) => collect(part, events, row, inner)).length;
      if (held >= bound.least) found.push(...inner);
      return held >= bound.least;
    }
  }
}

function matched(selection: string, field: string | undefined, value: string, test: string): MatchedTest {
  const { valueLength, testLength } = explanationBounds;
  return { selection, field, value: value.slice(0, valueLength), test: test.slice(0, testLength) };
}

function valueThatHolds(
  { column, predicate }: Bound & { readonly op: 'slot' },
  events: ColumnarEvents,
  row: number,
): string | undefined {
  const columns = column === null ? textColumns(events) : [column];
  for (const name of columns) {
    for (const value of textsAt(events, name, row))
      if (predicate.test.holds(value, fold(value))) return value;
  }
  return undefined;
}

/** What keywords look into. */
function textColumns(events: ColumnarEvents): readonly string[] {
  return [...events.columns].flatMap(([name, { kind }]) =>
    kind === 'string' || kind === 'list' ? [name] : [],
  );
}
