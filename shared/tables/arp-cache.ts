import type { TableSpec } from './spec.ts';

export const arpCache = {
  name: 'arp_cache',
  doc: 'Neighbours of IPv4 and their hardware addresses.',
  system: 'linux',
  columns: {
    address: ['text', 'Address.'],
    mac: ['text', 'Hardware address.'],
    interface: ['text', 'Interface.'],
    permanent: ['integer', '1 where it was set by hand.'],
  },
} as const satisfies TableSpec;
