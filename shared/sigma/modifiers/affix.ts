import { joinPattern } from '../pattern.ts';
import { type Draft, type Modifier, needText } from './modifier.ts';

/** Puts `*` before or after the value, be it a text or another field's. */
function affix(name: string, before: boolean, after: boolean): Modifier {
  return {
    name,
    apply: (draft): readonly Draft[] => {
      if (draft.kind === 'field')
        return [{ ...draft, before: draft.before || before, after: draft.after || after }];
      const text = needText(draft, name);
      return [{ ...text, pattern: joinPattern(text.pattern, before, after) }];
    },
  };
}

export const contains = affix('contains', true, true);
export const startswith = affix('startswith', false, true);
export const endswith = affix('endswith', true, false);
