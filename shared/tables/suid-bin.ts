import type { TableSpec } from './spec.ts';

export const suidBin = {
  name: 'suid_bin',
  doc: 'Programs that run as their owner or group, in the folders of programs and /tmp.',
  system: 'linux',
  columns: {
    path: ['text', 'Path.'],
    username: ['text', 'Owner.'],
    groupname: ['text', 'Group.'],
    permissions: ['text', 'S for set-uid, G for set-gid.'],
    mode: ['text', 'Permissions, octal.'],
  },
} as const satisfies TableSpec;
