import type { TableSpec } from './spec.ts';

export const vedetteSensors = {
  name: 'vedette_sensors',
  doc: 'Sensors of the agent.',
  columns: {
    name: ['text', 'Name.'],
    status: ['text', 'running, unavailable, failed or stopped.'],
    mode: ['text', 'kernel, sampled or followed.'],
    note: ['text', 'What it cannot see, or why it does not run.'],
    events: ['integer', 'Events it told of.'],
    lost: ['integer', 'Events it could not give; each was declared lost.'],
    events_per_second: ['real', 'Over the last minute.'],
    cpu_percent: ['real', 'Share of one processor over the last minute.'],
  },
} as const satisfies TableSpec;
