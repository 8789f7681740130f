import type { Part } from '../pattern.ts';
import { type Draft, type Modifier, needText } from './modifier.ts';

/** Hyphen, slash, en dash, em dash, horizontal bar: any stands for any. Source: modifiers appendix 2.1. */
const dashes = '-/–—―';
const atWordStart = /(?<!\w)[-/–—―](?=\w)/g;

/**
 * A dash at the start of a word may be any of the five. Kept as a set in the pattern rather than written out in
 * every combination, which would be five to the power of the dashes.
 */
export const windash: Modifier = {
  name: 'windash',
  apply: (draft): readonly Draft[] => {
    const text = needText(draft, 'windash');
    return [
      { ...text, pattern: text.pattern.flatMap((part) => (typeof part === 'string' ? split(part) : [part])) },
    ];
  },
};

function split(literal: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const { index } of literal.matchAll(atWordStart)) {
    parts.push(literal.slice(from, index), { kind: 'set', characters: dashes });
    from = index + 1;
  }
  return [...parts, literal.slice(from)].filter((part) => part !== '');
}
