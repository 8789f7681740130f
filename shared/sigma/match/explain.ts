import type { ColumnarEvents } from '../../schema/columns.ts';
import type { FieldComparison, Predicate } from '../compile/predicate.ts';
import type { Value } from '../value.ts';
import { ValueOverrun } from '../value-tests/test.ts';
import type { Bound } from './bind.ts';
import { agree } from './comparison.ts';
import { RowValues } from './row-values.ts';

/** One test that held: which selection, field and value, and what the rule asked for. */
export interface MatchedTest {
  readonly selection: string;
  /** ECS name; absent for keywords. */
  readonly field?: string;
  /** Value found, cut to 512 characters. */
  readonly value: string;
  /** What the rule says, e.g. `endswith '/nc'`. */
  readonly test: string;
  /** Of the item, as the rule has them. */
  readonly modifiers: readonly string[];
}

/** Tests listed per match, and characters of a value. */
export const explanationBounds = { tests: 32, valueLength: 512, testLength: 256 } as const;

/**
 * The tests by which a condition held for a row: those that are true and not under `not`, in the branches that are
 * true. A match through absence alone gives none.
 */
export function explain(bound: Bound, events: ColumnarEvents, row: number): readonly MatchedTest[] {
  const found: MatchedTest[] = [];
  collect(bound, new Row(events, row), found);
  const seen = new Set<string>();
  return found
    .filter(({ selection, field, test }) => {
      const key = `${selection}\0${field}\0${test}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, explanationBounds.tests);
}

class Row {
  readonly #events: ColumnarEvents;
  readonly #row: number;
  readonly #values = new RowValues();

  constructor(events: ColumnarEvents, row: number) {
    this.#events = events;
    this.#row = row;
    this.#values.open(events);
  }

  has(column: string): boolean {
    return this.#values.has(column, this.#row);
  }

  /** The values of a column; of all columns of text for null, which keywords look into. */
  valuesOf(column: string | null): readonly Value[] {
    if (column !== null) return this.#values.at(column, this.#row);
    return [...this.#events.columns].flatMap(([name, { kind }]) =>
      kind === 'string' || kind === 'list' ? this.#values.at(name, this.#row) : [],
    );
  }
}

/** Whether the condition holds; adds the tests that made it. */
function collect(bound: Bound, row: Row, found: MatchedTest[]): boolean {
  switch (bound.op) {
    case 'constant':
      return bound.value;
    case 'not':
      return !collect(bound.of, row, []);
    case 'compare-fields': {
      const { column, other, comparison } = bound;
      const values = row.valuesOf(column);
      if (!agree(values, row.valuesOf(other), comparison)) return false;
      found.push(matched(comparison, column, values[0]?.text));
      return true;
    }
    case 'slot': {
      const { column, predicate } = bound;
      if (predicate.test.hint.by === 'existence') {
        if (column === null || !row.has(column)) return false;
        const [value] = row.valuesOf(column);
        found.push(matched(predicate, column, value?.text));
        return true;
      }
      const hit = row.valuesOf(column).find((value) => holds(predicate, value));
      if (hit === undefined) return false;
      found.push(matched(predicate, column, hit.text));
      return true;
    }
    case 'at-least': {
      const inner: MatchedTest[] = [];
      const held = bound.of.filter((part) => collect(part, row, inner)).length;
      if (held >= bound.least) found.push(...inner);
      return held >= bound.least;
    }
  }
}

/** As in matching, where what overruns was told of. */
function holds({ test }: Predicate, value: Value): boolean {
  try {
    return test.holds(value);
  } catch (error) {
    if (error instanceof ValueOverrun) return false;
    throw error;
  }
}

function matched(
  { selection, modifiers, text }: Predicate | FieldComparison,
  column: string | null,
  value = '',
): MatchedTest {
  const { valueLength, testLength } = explanationBounds;
  const test = text.slice(0, testLength);
  return { selection, field: column ?? undefined, value: value.slice(0, valueLength), test, modifiers };
}
