/** Values of a field that satisfy what a rule asks of it. */

import { type Form, formOf, needText } from '../naive/forms.ts';
import { applyModifiers, type Lists } from '../naive/modifiers.ts';
import type { Token } from '../naive/text.ts';
import { textMatching } from './matching.ts';
import type { Random } from './random.ts';

/** A need of one item: one of its values after modifiers, or its being absent, present or another field's equal. */
export type Need =
  | { readonly is: 'text'; readonly text: string; readonly before: boolean; readonly after: boolean }
  | { readonly is: 'whole'; readonly text: string }
  | { readonly is: 'absent' }
  | { readonly is: 'present' }
  | { readonly is: 'field'; readonly name: string };

/** Chooses one way to satisfy a value of an item. */
export function needOf(value: unknown, modifiers: readonly string[], lists: Lists, random: Random): Need {
  if (modifiers.includes('neq')) return { is: 'whole', text: 'something else' };
  if (modifiers.includes('cidr')) return { is: 'whole', text: addressIn(expanded(value, modifiers, lists)) };
  const form = random.pick(applyModifiers(formOf(value), modifiers, lists));
  return needOfForm(form, random);
}

function expanded(value: unknown, modifiers: readonly string[], lists: Lists): string {
  const forms = applyModifiers(
    formOf(value),
    modifiers.filter((m) => m === 'expand'),
    lists,
  );
  return needText(forms[0]!).written;
}

function needOfForm(form: Form, random: Random): Need {
  switch (form.is) {
    case 'absent':
      return { is: 'absent' };
    case 'present':
      return { is: form.wanted ? 'present' : 'absent' };
    case 'field':
      return { is: 'field', name: form.name };
    case 'number':
      return {
        is: 'whole',
        text: [0, 1, -1]
          .map((d) => form.bound + d)
          .find((n) => form.compare(n, form.bound))!
          .toString(),
      };
    case 'regex': {
      const text = textMatching(form.source, random);
      return { is: 'text', text, before: !form.source.includes('^'), after: !form.source.includes('$') };
    }
    case 'text': {
      const { before, after } = form;
      // Now and then something stands before where it may: filters often name the whole value.
      const head = before && random.below(4) === 0 ? '/zz' : '';
      return { is: 'text', text: head + filled(form.tokens, random), before, after };
    }
    default:
      throw new Error(`nothing is made for ${form.is}`);
  }
}

function filled(tokens: readonly Token[], random: Random): string {
  return tokens
    .map((t) => {
      if (t.is === 'character') return t.character;
      if (t.is === 'dash') return random.pick(['-', '/', '\u2013', '\u2014', '\u2015']);
      return t.is === 'run' ? random.pick(['', 'x', 'some 1']) : 'q';
    })
    .join('');
}

/** The base of the network: an address inside it. */
function addressIn(network: string): string {
  return network.trim().split('/')[0]!;
}

/**
 * One text for all needs of a field, when they can be put one after another; else a list with a value for each, which
 * lists of values allow.
 */
export function valueFor(needs: readonly Need[], asList: boolean): string | readonly string[] {
  const texts = needs.map((need): Need & { is: 'text' } => {
    if (need.is === 'text') return need;
    const whole = need.is === 'whole';
    return { is: 'text', text: whole ? need.text : 'present', before: !whole, after: !whole };
  });
  if (asList) return [...new Set(texts.map((t) => t.text))];
  const whole = texts.find((t) => !t.before && !t.after);
  if (whole !== undefined) return whole.text;
  const longest = (some: readonly { readonly text: string }[]) =>
    some.map((t) => t.text).sort((a, b) => b.length - a.length)[0] ?? '';
  const start = longest(texts.filter((t) => !t.before));
  const end = longest(texts.filter((t) => !t.after));
  const inner = texts.filter((t) => t.before && t.after && !start.includes(t.text) && !end.includes(t.text));
  return start + [...new Set(inner.map((t) => t.text))].join(' ') + end;
}
