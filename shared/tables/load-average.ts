import type { TableSpec } from './spec.ts';

export const loadAverage = {
  name: 'load_average',
  doc: 'Load of the last minutes.',
  columns: {
    period: ['text', '1m, 5m or 15m.'],
    average: ['real', 'Processes that ran or waited to.'],
  },
} as const satisfies TableSpec;
