import { noFlags, type RegexFlags } from '../regex/syntax.ts';
import { anchoredRegex } from './affix.ts';
import { type Draft, type Modifier, ModifierRefusal } from './modifier.ts';

/** The value as written is a regular expression. */
export const re: Modifier = {
  name: 're',
  apply: (draft): readonly Draft[] => {
    if (draft.kind !== 'text') throw new ModifierRefusal('`re` needs a text');
    return [{ kind: 'regex', source: anchoredRegex(draft.raw, draft.before, draft.after), flags: noFlags }];
  },
};

function flag(name: keyof RegexFlags): Modifier {
  return {
    name,
    apply: (draft) => {
      if (draft.kind !== 'regex') throw new ModifierRefusal(`\`${name}\` follows only \`re\``);
      return [{ ...draft, flags: { ...draft.flags, [name]: true } }];
    },
  };
}

export const i = flag('i');
export const m = flag('m');
export const s = flag('s');
