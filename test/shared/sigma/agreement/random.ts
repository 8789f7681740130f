import fc from 'fast-check';
import { type Compare, compareDeclared, compareOpen, type Tally } from './compare.ts';
import { detection, event, openEvent } from './rules.ts';

export interface Agreement extends Tally {
  /** The smallest case found in which the engines differ; null when they agree. */
  readonly counterexample: string | null;
}

/** Tries random rules on random events, declared ones and open ones by halves, as often as `runs`. */
export function tryRandom(runs: number, seed: number): Agreement {
  const tally: Tally = { pairs: 0, matched: 0 };
  const halves: readonly (readonly [Compare, typeof event])[] = [
    [compareDeclared, event],
    [compareOpen, openEvent],
  ];
  for (const [compare, events] of halves) {
    const rules = fc.array(detection, { minLength: 1, maxLength: 12 });
    const property = fc.property(rules, fc.array(events, { minLength: 1, maxLength: 12 }), (some, on) =>
      compare(some, on, tally),
    );
    const result = fc.check(property, { numRuns: Math.ceil(runs / 2), seed });
    if (result.failed) return { ...tally, counterexample: told(result) };
  }
  return { ...tally, counterexample: null };
}

/** The error names the one rule and event. */
function told<T>(result: fc.RunDetails<T>): string {
  return `${(result.errorInstance as Error).message}\n${fc.defaultReportMessage(result)}`;
}
