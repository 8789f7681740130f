import type { TableSpec } from './spec.ts';

export const etcServices = {
  name: 'etc_services',
  doc: 'Services of /etc/services.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    port: ['integer', 'Port.'],
    protocol: ['text', 'tcp, udp or another.'],
    aliases: ['text', 'Other names, with spaces between.'],
    comment: ['text', 'Comment.'],
  },
} as const satisfies TableSpec;
