import type { TableSpec } from './spec.ts';

export const users = {
  name: 'users',
  doc: 'Local users.',
  system: 'linux',
  columns: {
    uid: ['integer', 'Id.'],
    gid: ['integer', 'Id of the primary group.'],
    username: ['text', 'Name.'],
    description: ['text', 'Full name or comment.'],
    directory: ['text', 'Home.'],
    shell: ['text', 'Login shell.'],
    privileged: ['integer', '1 when the user may become root: id 0, or in a group such as sudo.'],
  },
} as const satisfies TableSpec;
