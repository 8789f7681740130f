import { type Modifier, needText } from './modifier.ts';

/** The value names another field of the event, whose value is compared. */
export const fieldref: Modifier = {
  name: 'fieldref',
  apply: (draft) => [{ kind: 'field', name: needText(draft, 'fieldref').raw, before: false, after: false }],
};
