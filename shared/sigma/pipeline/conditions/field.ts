import { type Parameters, regexAtStart } from '../parameters.ts';
import type { FieldTest } from '../rule-work.ts';
import { readState } from './state.ts';

/** Conditions on a field name, by type. */
export const fieldConditions: Readonly<Record<string, (parameters: Parameters) => FieldTest>> = {
  include_fields: readFields,
  exclude_fields: (parameters) => {
    const included = readFields(parameters);
    return (field, work) => !included(field, work);
  },
  processing_item_applied: (parameters) => {
    const id = parameters.text('processing_item_id');
    return (field, work) => work.wasAppliedToField(field, id);
  },
  processing_state: (parameters) => {
    const holds = readState(parameters);
    return (_, work) => holds(work);
  },
};

function readFields(parameters: Parameters): FieldTest {
  const fields = parameters.texts('fields');
  if (parameters.oneOf('mode', ['plain', 're'], 'plain') === 'plain') {
    const names = new Set(fields);
    return (field) => field !== null && names.has(field);
  }
  const place = parameters.need('fields');
  const patterns = fields.map((field) => regexAtStart(field, place));
  return (field) => field !== null && patterns.some((matches) => matches(field));
}
