import { joinPattern } from '../pattern.ts';
import { type Draft, type Modifier, needText, textDraft } from './modifier.ts';

/** Lets text stand before or after the value, be it a text, bytes, a regular expression or another field's value. */
function affix(name: string, before: boolean, after: boolean): Modifier {
  return {
    name,
    apply: (draft): readonly Draft[] => {
      if (draft.kind === 'field')
        return [{ ...draft, before: draft.before || before, after: draft.after || after }];
      if (draft.kind === 'regex') return [{ ...draft, source: anchoredRegex(draft.source, before, after) }];
      const text = draft.kind === 'bytes' ? latinText(draft.bytes) : needText(draft, name);
      const pattern = joinPattern(text.pattern, before, after);
      return [{ ...text, pattern, before: text.before || before, after: text.after || after }];
    },
  };
}

function latinText(bytes: Uint8Array): Draft & { kind: 'text' } {
  const latin = Buffer.from(bytes).toString('latin1');
  return textDraft(latin, [latin]);
}

/** An expression is looked for anywhere; at one end only it is tied to that end of the whole value. */
export function anchoredRegex(source: string, before: boolean, after: boolean): string {
  if (before === after) return source;
  return before ? `(?:${source})\\z` : `\\A(?:${source})`;
}

export const contains = affix('contains', true, true);
export const startswith = affix('startswith', false, true);
export const endswith = affix('endswith', true, false);
