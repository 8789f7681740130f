import { type TimePart, timeParts } from '../value-tests/time-part.ts';
import { numberDraft } from './compare.ts';
import { type Modifier, ModifierRefusal } from './modifier.ts';

/**
 * Takes a number out of the date the field holds, in UTC. Stands before or after `lt`, `lte`, `gt` and `gte`; alone
 * it asks for equality. Source: modifiers appendix 2.1.
 */
function timePart(part: TimePart): Modifier {
  const [least, most] = timeParts[part];
  return {
    name: part,
    apply: (draft) => {
      const number = draft.kind === 'compare' ? draft : numberDraft(draft, part);
      if (number.part !== null)
        throw new ModifierRefusal(
          `\`${number.part}\` and \`${part}\` cannot hold of one value; use two items`,
        );
      if (!Number.isInteger(number.bound) || number.bound < least || number.bound > most)
        throw new ModifierRefusal(`\`${part}\` needs a whole number from ${least} to ${most}`);
      return [{ ...number, part }];
    },
  };
}

export const minute = timePart('minute');
export const hour = timePart('hour');
export const day = timePart('day');
export const week = timePart('week');
export const month = timePart('month');
export const year = timePart('year');
