import { type Modifier, ModifierRefusal, needText } from './modifier.ts';

/** The value names another field of the event, whose value is compared; affixes may stand before or after it. */
export const fieldref: Modifier = {
  name: 'fieldref',
  apply: (draft) => {
    const { raw, pattern, before, after } = needText(draft, 'fieldref');
    const own = pattern.slice(before ? 1 : 0, after ? -1 : undefined);
    if (raw.trim() === '' || own.some((part) => typeof part !== 'string'))
      throw new ModifierRefusal('`fieldref` needs the name of a field, without wildcards');
    return [{ kind: 'field', name: raw, before, after }];
  },
};
