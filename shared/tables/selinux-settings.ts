import type { TableSpec } from './spec.ts';

export const selinuxSettings = {
  name: 'selinux_settings',
  doc: 'State of SELinux.',
  system: 'linux',
  columns: {
    scope: ['text', 'status or boolean.'],
    key: ['text', 'Name.'],
    value: ['text', 'Value.'],
  },
} as const satisfies TableSpec;
