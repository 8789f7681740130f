import { type Modifier, ModifierRefusal } from './modifier.ts';

/** Whether the field is there, whatever its value. */
export const exists: Modifier = {
  name: 'exists',
  apply: (draft) => {
    const word = draft.kind === 'text' ? draft.raw.toLowerCase() : '';
    if (word !== 'true' && word !== 'false') throw new ModifierRefusal('`exists` needs true or false');
    return [{ kind: 'exists', wanted: word === 'true' }];
  },
};
