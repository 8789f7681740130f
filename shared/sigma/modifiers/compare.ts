import type { Comparison } from '../value-tests/compare.ts';
import { type Draft, type Modifier, ModifierRefusal } from './modifier.ts';

/** The number a value gives, for comparing. */
export function numberDraft(draft: Draft, modifier: string): Draft & { kind: 'compare' } {
  const text = draft.kind === 'text' && !draft.before && !draft.after ? draft.raw.trim() : '';
  const bound = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(bound)) throw new ModifierRefusal(`\`${modifier}\` needs a number`);
  return { kind: 'compare', how: 'eq', bound, part: null };
}

function compare(how: Comparison): Modifier {
  return {
    name: how,
    apply: (draft) => {
      const number = draft.kind === 'compare' ? draft : numberDraft(draft, how);
      if (number.how !== 'eq')
        throw new ModifierRefusal(`\`${number.how}\` and \`${how}\` cannot hold of one value; use two items`);
      return [{ ...number, how }];
    },
  };
}

export const lt = compare('lt');
export const lte = compare('lte');
export const gt = compare('gt');
export const gte = compare('gte');
