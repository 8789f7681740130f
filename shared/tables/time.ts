import type { TableSpec } from './spec.ts';

export const time = {
  name: 'time',
  doc: 'The clock of the host.',
  columns: {
    unix_time: ['integer', 'Seconds since the epoch.'],
    datetime: ['text', 'ISO 8601, UTC.'],
    local_timezone: ['text', 'Name of the time zone.'],
  },
} as const satisfies TableSpec;
