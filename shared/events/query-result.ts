import { defineEvent } from '../schema/spec.ts';

export const queryResult = defineEvent({
  name: 'query.result',
  doc: 'A row came into the answer of a scheduled query or left it, or was there at its first run.',
  logsource: { category: 'query_result' },
  priority: 'normal',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['added', 'removed', 'failed'],
      doc: 'Whether the row is new or gone; `failed` when the query could not be answered, once until it can again.',
    },
    'query.name': {
      type: 'keyword',
      max: 64,
      required: true,
      indexed: true,
      sigma: ['QueryName'],
      doc: 'Name of the scheduled query.',
    },
    'query.row': { type: 'text', doc: 'The row as a JSON object, its columns in the order of the query.' },
    'query.values': {
      type: 'keywords',
      sigma: ['QueryValues'],
      doc: 'Each column as `name=value`, for rules that look at one; values of more than 1,024 characters are cut.',
    },
    'error.code': { type: 'keyword', max: 64, doc: 'Why there is no answer.' },
    'error.message': { type: 'text', max: 1024, doc: 'What was wrong, in words.' },
  },
});
