import type { CommandSpec } from './spec.ts';

export const sensorSample = {
  name: 'sensor.sample',
  doc: 'One reading of what a sensor sees now, as events, given as the result and stored nowhere else.',
  permission: 'respond',
  timeoutMs: 60_000,
  arguments: {
    sensor: { type: 'text', maxLength: 64, required: true, doc: 'Name of the sensor, e.g. process.' },
    limit: { type: 'int', min: 1, max: 10_000, doc: 'Most events; 1,000 when absent.' },
  },
} as const satisfies CommandSpec;
