import { compareScalars, comparisonNames } from '../comparison.ts';
import type { Parameters } from '../parameters.ts';
import type { RuleTest } from '../rule-work.ts';

/** `processing_state`: what `set_state` set for this rule. */
export function readState(parameters: Parameters): RuleTest {
  const key = parameters.text('key');
  const wanted = parameters.scalar('val');
  const op = parameters.oneOf('op', comparisonNames, 'eq');
  return ({ state }) => {
    const value = state.get(key);
    return value !== undefined && compareScalars(op, value, wanted);
  };
}
