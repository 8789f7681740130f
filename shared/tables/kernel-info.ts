import type { TableSpec } from './spec.ts';

export const kernelInfo = {
  name: 'kernel_info',
  doc: 'The running kernel.',
  system: 'linux',
  columns: {
    version: ['text', 'Release.'],
    arguments: ['text', 'Command line.'],
    path: ['text', 'Image it was started from.'],
    device: ['text', 'Root device.'],
    tainted: ['integer', 'Flags of what taints it.'],
  },
} as const satisfies TableSpec;
