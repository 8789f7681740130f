import type { IndexHint } from '../value-tests/test.ts';
import type { Bound, NeededSlot } from './bind.ts';

/** Slots of which at least one holds whenever the condition does, and the share of rows that has one of them. */
export interface Wakers {
  readonly slots: readonly number[];
  readonly frequency: number;
}

/** Share of rows, from 0 to 1, in which a slot is expected to be seen. */
export type FrequencyOf = (slot: NeededSlot) => number;

/**
 * The rarest set of slots of which one must be seen for the condition to hold; undefined when it may hold without any
 * (as with `not` alone), so that the rule is asked of every event. Whether it is undefined depends on the condition
 * alone.
 */
export function wakersOf(bound: Bound, frequencyOf: FrequencyOf = expectedFrequency): Wakers | undefined {
  switch (bound.op) {
    case 'constant':
      return bound.value ? undefined : { slots: [], frequency: 0 };
    case 'slot':
      if (bound.predicate.test.hint.by === 'existence') return undefined;
      return wakersOfSlot(bound, frequencyOf);
    case 'not':
    case 'compare-fields':
      return undefined;
    case 'at-least':
      return wakersOfParts(bound.of, bound.least, frequencyOf);
  }
}

/** The slot itself, or the rarest group it needs. */
function wakersOfSlot(bound: Bound & { readonly op: 'slot' }, frequencyOf: FrequencyOf): Wakers {
  let best: Wakers = { slots: [bound.slot], frequency: frequencyOf(bound) };
  for (const group of bound.needs) {
    const frequency = group.reduce((sum, needed) => sum + frequencyOf(needed), 0);
    if (frequency < best.frequency) best = { slots: group.map(({ slot }) => slot), frequency };
  }
  return best;
}

/** When `least` of n parts hold, at least one of any n - least + 1 parts does: take the rarest that many. */
function wakersOfParts(parts: readonly Bound[], least: number, frequencyOf: FrequencyOf): Wakers | undefined {
  const needed = parts.length - least + 1;
  const wakers: Wakers[] = [];
  for (const [i, part] of parts.entries()) {
    const found = wakersOf(part, frequencyOf);
    if (found !== undefined) wakers.push(found);
    else if (wakers.length + parts.length - i - 1 < needed) return undefined;
  }
  if (needed === 1) return wakers.reduce((best, one) => (one.frequency < best.frequency ? one : best));
  if (needed < wakers.length) wakers.sort((a, b) => a.frequency - b.frequency);
  const slots: number[] = [];
  let frequency = 0;
  for (const one of wakers.slice(0, needed)) {
    for (const slot of one.slots) slots.push(slot);
    frequency += one.frequency;
  }
  return { slots, frequency };
}

/** What is expected before anything was seen: longer texts are rarer, presence is everywhere. */
export const expectedFrequency: FrequencyOf = ({ predicate: { test } }) => frequencyOfHint(test.hint);

function frequencyOfHint(hint: IndexHint): number {
  switch (hint.by) {
    case 'exact':
      return 0.01 + 0.2 * Math.exp(-hint.text.length / 4);
    case 'literal':
      return hint.texts.reduce((sum, text) => sum + 1e-5 + 0.5 * Math.exp(-text.length / 4), 0);
    case 'network':
      return 0.05;
    case 'scan':
    case 'presence':
    case 'existence':
      return 1;
  }
}
