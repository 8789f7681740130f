import type { TableSpec } from './spec.ts';

export const shadow = {
  name: 'shadow',
  doc: 'State of passwords; never a password or its hash.',
  system: 'linux',
  columns: {
    username: ['text', 'Name.'],
    password_status: ['text', 'active, locked, not_set or empty.'],
    hash_alg: ['text', 'Kind of hash, e.g. y or 6.'],
    last_change: ['integer', 'Day of the last change, in days since the epoch.'],
    min: ['integer', 'Days between changes, least.'],
    max: ['integer', 'Days a password is valid.'],
    warning: ['integer', 'Days of warning.'],
    inactive: ['integer', 'Days after the end in which it may be changed.'],
    expire: ['integer', 'Day the account ends, in days since the epoch.'],
  },
} as const satisfies TableSpec;
