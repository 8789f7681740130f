import type { TableSpec } from './spec.ts';

export const authorizedKeys = {
  name: 'authorized_keys',
  doc: 'Keys that may sign in over SSH.',
  system: 'linux',
  columns: {
    uid: ['integer', 'Id of the user.'],
    username: ['text', 'Name of the user.'],
    algorithm: ['text', 'Kind of key.'],
    fingerprint: ['text', 'As ssh-keygen -l prints it.'],
    options: ['text', 'Options before the key.'],
    comment: ['text', 'Comment.'],
    key_file: ['text', 'File.'],
  },
} as const satisfies TableSpec;
