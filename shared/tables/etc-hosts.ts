import type { TableSpec } from './spec.ts';

export const etcHosts = {
  name: 'etc_hosts',
  doc: 'Names of /etc/hosts.',
  system: 'linux',
  columns: {
    address: ['text', 'Address.'],
    hostnames: ['text', 'Names, with spaces between.'],
  },
} as const satisfies TableSpec;
