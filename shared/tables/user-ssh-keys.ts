import type { TableSpec } from './spec.ts';

export const userSshKeys = {
  name: 'user_ssh_keys',
  doc: 'Private keys of SSH in the homes of users.',
  system: 'linux',
  columns: {
    uid: ['integer', 'Id of the user.'],
    path: ['text', 'File.'],
    encrypted: ['integer', '1 when a passphrase protects it, 0 when none does.'],
    key_type: ['text', 'Kind of file, e.g. OPENSSH or RSA.'],
    mode: ['text', 'Permissions, octal.'],
  },
} as const satisfies TableSpec;
