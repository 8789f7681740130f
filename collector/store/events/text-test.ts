import { isWithin } from '#shared/filter/address.ts';
import type { ValueTest } from '#shared/filter/filter.ts';
import { foldText } from '#shared/filter/fold-text.ts';
import { isDecimal } from '#shared/filter/value.ts';
import { wildcardTest } from '#shared/filter/wildcard.ts';
import { isAny, literalOf, type Pattern } from '#shared/sigma/pattern.ts';
import { isBetween } from './value-types.ts';

/** The forms of a pattern that need no going through it piece by piece. */
export type TextForm =
  | { readonly at: 'whole' | 'start' | 'end' | 'anywhere'; readonly text: string }
  | { readonly at: 'pieces' };

export function formOf(pattern: Pattern): TextForm {
  const literal = literalOf(pattern);
  if (literal !== undefined) return { at: 'whole', text: literal };
  const [first, second, third] = pattern;
  if (pattern.length === 2 && typeof first === 'string' && isAny(second)) return { at: 'start', text: first };
  if (pattern.length === 2 && isAny(first) && typeof second === 'string') return { at: 'end', text: second };
  if (pattern.length === 3 && isAny(first) && typeof second === 'string' && isAny(third))
    return { at: 'anywhere', text: second };
  return { at: 'pieces' };
}

function likeTest(pattern: Pattern): (value: string) => boolean {
  const form = formOf(pattern);
  switch (form.at) {
    case 'whole':
      return (value) => foldText(value) === form.text;
    case 'start':
      return (value) => foldText(value).startsWith(form.text);
    case 'end':
      return (value) => foldText(value).endsWith(form.text);
    case 'anywhere':
      return (value) => foldText(value).includes(form.text);
    case 'pieces': {
      const fits = wildcardTest(pattern);
      return (value) => fits(foldText(value));
    }
  }
}

/** What a test asks of a text. */
export function textTestOf(test: ValueTest): (value: string) => boolean {
  switch (test.is) {
    case 'exact':
      return (value) => value === test.text;
    case 'like':
      return likeTest(test.pattern);
    case 'between':
      return (value) => isDecimal(value) && isBetween(test, Number(value));
    case 'within':
      return (value) => isWithin(test.network, value);
    case 'present':
      return () => true;
    case 'bool':
      return () => false;
  }
}
