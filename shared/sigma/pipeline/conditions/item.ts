import type { Item, Scalar } from '../../document.ts';
import { type Parameters, regexAtStart } from '../parameters.ts';
import type { ItemTest } from '../rule-work.ts';
import { hasStrings, patternOf, textOfValue } from '../value-text.ts';
import { readState } from './state.ts';

/** Conditions on a detection item, by type. */
export const itemConditions: Readonly<Record<string, (parameters: Parameters) => ItemTest>> = {
  match_string: (parameters) => {
    const matches = regexAtStart(parameters.text('pattern'), parameters.need('pattern'));
    const negate = parameters.flag('negate');
    return ofValues(
      parameters,
      (item, value) =>
        (typeof value === 'string' && hasStrings(item) && matches(textOfValue(item, value))) !== negate,
    );
  },
  match_value: (parameters) => {
    const wanted = parameters.scalar('value');
    return ofValues(parameters, (item, value) =>
      typeof value === 'string' && hasStrings(item) ? textOfValue(item, value) === wanted : value === wanted,
    );
  },
  contains_wildcard: (parameters) =>
    ofValues(
      parameters,
      (item, value) =>
        typeof value === 'string' &&
        hasStrings(item) &&
        patternOf(item, value).some((part) => typeof part !== 'string'),
    ),
  is_null: (parameters) => ofValues(parameters, (_, value) => value === null),
  processing_item_applied: (parameters) => {
    const id = parameters.text('processing_item_id');
    return (item, work) => work.wasAppliedTo(item, id);
  },
  processing_state: (parameters) => {
    const holds = readState(parameters);
    return (_, work) => holds(work);
  },
};

/** `cond` says whether one value of an item suffices or all must hold. */
function ofValues(parameters: Parameters, holds: (item: Item, value: Scalar) => boolean): ItemTest {
  const all = parameters.oneOf('cond', ['any', 'all']) === 'all';
  return (item) =>
    all
      ? item.values.every(({ value }) => holds(item, value))
      : item.values.some(({ value }) => holds(item, value));
}
