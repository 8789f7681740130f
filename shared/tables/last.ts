import type { TableSpec } from './spec.ts';

export const last = {
  name: 'last',
  doc: 'Logins and logouts of the past, from wtmp; the newest 20,000.',
  system: 'linux',
  columns: {
    username: ['text', 'Name.'],
    tty: ['text', 'Terminal.'],
    pid: ['integer', 'Process of the session.'],
    type: ['integer', 'Type of utmp(5): 2 boot, 7 login, 8 logout.'],
    type_name: ['text', 'boot-time, user-process, dead-process and so on.'],
    time: ['integer', 'When, in seconds since the epoch.'],
    host: ['text', 'Where from.'],
  },
} as const satisfies TableSpec;
