import type { IndexHint } from '../value-tests/test.ts';
import type { Bound } from './bind.ts';
import type { Frame } from './frame.ts';
import { isText, longList, TextList } from './text-list.ts';

export type Evaluate = () => boolean;

/** Compiles a bound condition to a function over the frame. */
export function compileEvaluate(bound: Bound, frame: Frame): Evaluate {
  switch (bound.op) {
    case 'constant': {
      const { value } = bound;
      return () => value;
    }
    case 'slot':
    case 'compare-fields': {
      const { slot } = bound;
      return () => frame.holds(slot);
    }
    case 'not': {
      const inner = compileEvaluate(bound.of, frame);
      return () => !inner();
    }
    case 'at-least':
      return compileAtLeast(bound.of, bound.least, frame);
  }
}

function compileAtLeast(parts: readonly Bound[], least: number, frame: Frame): Evaluate {
  const inOrder = [...parts].sort((a, b) => effortOf(a) - effortOf(b));
  if (least === 1) return compileAny(inOrder, frame);
  const inner = inOrder.map((part) => compileEvaluate(part, frame));
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

/** Long lists of texts are looked for in one pass, the rest one after the other. */
function compileAny(parts: readonly Bound[], frame: Frame): Evaluate {
  const byColumn = Map.groupBy(parts.filter(isText), ({ column }) => column);
  const lists = [...byColumn.values()].filter((texts) => texts.length >= longList);
  const listed = new Set<Bound>(lists.flat());
  const alone = parts.filter((part) => !listed.has(part));
  const inner = lists.map((texts) => new TextList(texts, frame).holds);
  const slots = alone.flatMap((part) => (isSlot(part) ? [part.slot] : []));
  for (const part of alone) if (!isSlot(part)) inner.push(compileEvaluate(part, frame));
  return () => {
    for (const slot of slots) if (frame.holds(slot)) return true;
    for (const holds of inner) if (holds()) return true;
    return false;
  };
}

function isSlot(bound: Bound): bound is Bound & { readonly op: 'slot' | 'compare-fields' } {
  return bound.op === 'slot' || bound.op === 'compare-fields';
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
