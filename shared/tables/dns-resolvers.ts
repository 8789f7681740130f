import type { TableSpec } from './spec.ts';

export const dnsResolvers = {
  name: 'dns_resolvers',
  doc: 'Name servers and search domains of resolv.conf.',
  system: 'linux',
  columns: {
    id: ['integer', 'Number of the line among those of its type.'],
    type: ['text', 'nameserver, search or option.'],
    address: ['text', 'Address, domain or option.'],
  },
} as const satisfies TableSpec;
