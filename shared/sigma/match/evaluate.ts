import { type ColumnarEvents, valueAt } from '../../schema/columns.ts';
import type { FieldComparison } from '../compile/predicate.ts';
import { fold } from '../fold.ts';
import type { IndexHint } from '../value-tests/test.ts';
import type { Bound } from './bind.ts';
import type { Frame } from './frame.ts';

export type Evaluate = () => boolean;

/** Compiles a bound condition to a function over the frame. */
export function compileEvaluate(bound: Bound, frame: Frame): Evaluate {
  switch (bound.op) {
    case 'constant': {
      const { value } = bound;
      return () => value;
    }
    case 'slot': {
      const { slot } = bound;
      return () => frame.holds(slot);
    }
    case 'compare-fields':
      return () => frame.events !== null && fieldsAgree(bound, frame.events, frame.row);
    case 'not': {
      const inner = compileEvaluate(bound.of, frame);
      return () => !inner();
    }
    case 'at-least':
      return compileAtLeast(bound.of, bound.least, frame);
  }
}

function compileAtLeast(parts: readonly Bound[], least: number, frame: Frame): Evaluate {
  if (least === 1 && parts.every((p) => p.op === 'slot')) {
    const slots = Int32Array.from(parts, (p) => p.slot);
    return () => {
      for (const slot of slots) if (frame.holds(slot)) return true;
      return false;
    };
  }
  const inner = [...parts]
    .sort((a, b) => effortOf(a) - effortOf(b))
    .map((part) => compileEvaluate(part, frame));
  if (least === 1) {
    return () => {
      for (const holds of inner) if (holds()) return true;
      return false;
    };
  }
  if (least === inner.length) {
    return () => {
      for (const holds of inner) if (!holds()) return false;
      return true;
    };
  }
  return () => {
    let left = least;
    for (const holds of inner) if (holds() && --left === 0) return true;
    return false;
  };
}

/** What asking costs at most, so that stamps are looked at before expressions are run. */
function effortOf(bound: Bound): number {
  switch (bound.op) {
    case 'constant':
      return 0;
    case 'slot':
      return effortOfHint(bound.predicate.test.hint);
    case 'compare-fields':
      return 500;
    case 'not':
      return effortOf(bound.of);
    case 'at-least':
      return bound.of.reduce((sum, part) => sum + effortOf(part), 0);
  }
}

function effortOfHint(hint: IndexHint): number {
  if (hint.by === 'scan') return 1_000;
  if (hint.by === 'literal' && hint.at === 'anywhere') return hint.sure ? 20 : 500;
  return 1;
}

/** The values of a field of a row as tests see them: text, none when absent, several for lists. */
export function textsAt(events: ColumnarEvents, column: string, row: number): readonly string[] {
  const found = events.columns.get(column);
  const value = found === undefined ? undefined : valueAt(found, row);
  if (value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
}

type BoundComparison = Bound & { readonly op: 'compare-fields' };

/** Whether some value of the field fits some value of the other. */
export function fieldsAgree(bound: BoundComparison, events: ColumnarEvents, row: number): boolean {
  const others = textsAt(events, bound.other, row);
  return textsAt(events, bound.column, row).some((value) =>
    others.some((other) => agree(value, other, bound.comparison)),
  );
}

function agree(value: string, other: string, { cased, before, after }: FieldComparison): boolean {
  const [a, b] = cased ? [value, other] : [fold(value), fold(other)];
  if (before && after) return a.includes(b);
  if (before) return a.endsWith(b);
  return after ? a.startsWith(b) : a === b;
}
