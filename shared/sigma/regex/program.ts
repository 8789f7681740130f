import { RegexRefusal } from './parse.ts';
import type { Assertion, Ranges, Regex } from './syntax.ts';

/** Steps of one program; counted repetitions are written out, so they cost as often as they count. */
export const programBound = 2_000;

export type Step =
  | { readonly op: 'set'; readonly ranges: Ranges; next: number }
  /** Ways in order of preference. */
  | { readonly op: 'split'; readonly ways: number[] }
  | { readonly op: 'assert'; readonly what: Assertion; next: number }
  /** Notes the place: slots 2n and 2n+1 are the ends of group n. */
  | { readonly op: 'mark'; readonly slot: number; next: number }
  | { readonly op: 'match' };

export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
  /** Can match only at the beginning of the value. */
  readonly anchored: boolean;
}

/** Thompson's construction, written from the end to the beginning. Throws RegexRefusal beyond the bound. */
export function compileProgram(regex: Regex): Program {
  const steps: Step[] = [{ op: 'match' }];
  const add = (step: Step): number => {
    if (steps.length >= programBound)
      throw new RegexRefusal(`its counted repetitions come to more than ${programBound} steps`, true);
    return steps.push(step) - 1;
  };
  /** Gives the entry of `node` followed by `next`. */
  const emit = (node: Regex, next: number): number => {
    switch (node.kind) {
      case 'set':
        return add({ op: 'set', ranges: node.ranges, next });
      case 'assert':
        return add({ op: 'assert', what: node.what, next });
      case 'sequence':
        return node.of.reduceRight((after, part) => emit(part, after), next);
      case 'choice':
        return add({ op: 'split', ways: node.of.map((part) => emit(part, next)) });
      case 'repeat':
        return emitRepeat(node, next);
      case 'capture': {
        const end = add({ op: 'mark', slot: node.index * 2 + 1, next });
        return add({ op: 'mark', slot: node.index * 2, next: emit(node.of, end) });
      }
    }
  };
  const emitRepeat = (node: Regex & { kind: 'repeat' }, next: number): number => {
    let entry = next;
    const split = (again: number) => (node.lazy ? [next, again] : [again, next]);
    if (node.max === Number.POSITIVE_INFINITY) {
      const ways: number[] = [];
      entry = add({ op: 'split', ways });
      ways.push(...split(emit(node.of, entry)));
    } else {
      for (let i = node.min; i < node.max; i++)
        entry = add({ op: 'split', ways: split(emit(node.of, entry)) });
    }
    for (let i = 0; i < node.min; i++) {
      const before = emit(node.of, entry);
      if (before === entry) break;
      entry = before;
    }
    return entry;
  };
  const start = emit(regex, 0);
  return { steps, start, anchored: beginsAnchored(regex) };
}

function beginsAnchored(regex: Regex): boolean {
  if (regex.kind === 'assert') return regex.what === 'start';
  if (regex.kind === 'sequence') return regex.of.length > 0 && beginsAnchored(regex.of[0]!);
  if (regex.kind === 'choice') return regex.of.every(beginsAnchored);
  return regex.kind === 'repeat' && regex.min > 0 && beginsAnchored(regex.of);
}
