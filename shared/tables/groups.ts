import type { TableSpec } from './spec.ts';

export const groups = {
  name: 'groups',
  doc: 'Local groups.',
  system: 'linux',
  columns: {
    gid: ['integer', 'Id.'],
    groupname: ['text', 'Name.'],
  },
} as const satisfies TableSpec;
