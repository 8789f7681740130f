import type { Comparison } from '../value-tests/compare.ts';
import { type Modifier, ModifierRefusal } from './modifier.ts';

function compare(how: Comparison): Modifier {
  return {
    name: how,
    apply: (draft) => {
      const bound = draft.kind === 'text' && draft.raw.trim() !== '' ? Number(draft.raw) : Number.NaN;
      if (Number.isNaN(bound)) throw new ModifierRefusal(`\`${how}\` needs a number`);
      return [{ kind: 'compare', how, bound }];
    },
  };
}

export const lt = compare('lt');
export const lte = compare('lte');
export const gt = compare('gt');
export const gte = compare('gte');
