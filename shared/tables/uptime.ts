import type { TableSpec } from './spec.ts';

export const uptime = {
  name: 'uptime',
  doc: 'How long the system is up.',
  columns: {
    days: ['integer', 'Days.'],
    hours: ['integer', 'Hours besides.'],
    minutes: ['integer', 'Minutes besides.'],
    seconds: ['integer', 'Seconds besides.'],
    total_seconds: ['integer', 'All seconds.'],
  },
} as const satisfies TableSpec;
