import type { TableSpec } from './spec.ts';

export const kernelModules = {
  name: 'kernel_modules',
  doc: 'Loaded modules of the kernel.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    size: ['integer', 'Bytes.'],
    used_by: ['text', 'Modules that use it, with commas between; - for none.'],
    status: ['text', 'Live, Loading or Unloading.'],
    taints: ['text', 'Why it taints the kernel, e.g. OE.'],
  },
} as const satisfies TableSpec;
