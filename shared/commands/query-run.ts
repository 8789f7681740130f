import { queryBounds } from '../query/bounds.ts';
import type { CommandSpec } from './spec.ts';

export const queryRun = {
  name: 'query.run',
  doc: 'One SQL statement over the present state of the host (docs/live-query.md); its rows are the result.',
  permission: 'respond',
  timeoutMs: queryBounds.maxTimeoutMs + 10_000,
  arguments: {
    sql: { type: 'text', maxLength: queryBounds.maxSqlLength, required: true, doc: 'SELECT or WITH.' },
    timeoutMs: {
      type: 'int',
      min: queryBounds.minTimeoutMs,
      max: queryBounds.maxTimeoutMs,
      doc: 'After which it is given up; 10,000 when absent.',
    },
    rows: { type: 'int', min: 1, max: queryBounds.maxRows, doc: 'Most rows; 10,000 when absent.' },
    stream: {
      type: 'flag',
      doc: 'Give the rows as parts before the result, where the collector takes them.',
    },
  },
} as const satisfies CommandSpec;
