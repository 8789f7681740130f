import type { TableSpec } from './spec.ts';

export const knownHosts = {
  name: 'known_hosts',
  doc: 'Hosts that users or the system have met over SSH.',
  system: 'linux',
  columns: {
    uid: ['integer', "Id of the user; absent for the system's own file."],
    host: ['text', 'Names as in the file, hashed or not.'],
    algorithm: ['text', 'Kind of key.'],
    fingerprint: ['text', 'As ssh-keygen -l prints it.'],
    key_file: ['text', 'File.'],
  },
} as const satisfies TableSpec;
