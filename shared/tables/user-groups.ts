import type { TableSpec } from './spec.ts';

export const userGroups = {
  name: 'user_groups',
  doc: 'Which users are in which groups, the primary ones included.',
  system: 'linux',
  columns: {
    uid: ['integer', 'Id of the user.'],
    gid: ['integer', 'Id of the group.'],
  },
} as const satisfies TableSpec;
