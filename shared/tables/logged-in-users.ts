import type { TableSpec } from './spec.ts';

export const loggedInUsers = {
  name: 'logged_in_users',
  doc: 'Who is logged in, from utmp.',
  system: 'linux',
  columns: {
    type: ['text', 'user, login, boot, run_level or dead.'],
    user: ['text', 'Name.'],
    tty: ['text', 'Terminal.'],
    host: ['text', 'Where from.'],
    time: ['integer', 'Since when, in seconds since the epoch.'],
    pid: ['integer', 'Process of the session.'],
  },
} as const satisfies TableSpec;
