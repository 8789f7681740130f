import type { TableSpec } from './spec.ts';

export const systemControls = {
  name: 'system_controls',
  doc: 'Settings of the kernel under /proc/sys.',
  system: 'linux',
  columns: {
    name: ['text', 'Name with dots, e.g. kernel.randomize_va_space.'],
    current_value: ['text', 'Value now.'],
    subsystem: ['text', 'First part of the name.'],
  },
} as const satisfies TableSpec;
