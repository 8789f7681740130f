import type { TableSpec } from './spec.ts';

export const etcProtocols = {
  name: 'etc_protocols',
  doc: 'Protocols of /etc/protocols.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    number: ['integer', 'Number.'],
    alias: ['text', 'Other names, with spaces between.'],
    comment: ['text', 'Comment.'],
  },
} as const satisfies TableSpec;
