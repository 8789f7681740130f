import type { TableSpec } from './spec.ts';

export const interfaceAddresses = {
  name: 'interface_addresses',
  doc: 'Addresses of network interfaces.',
  columns: {
    interface: ['text', 'Name.'],
    address: ['text', 'Address.'],
    mask: ['text', 'Network mask.'],
    mac: ['text', 'Hardware address.'],
    family: ['integer', '2 for IPv4, 10 for IPv6.'],
    internal: ['integer', '1 for loopback.'],
  },
} as const satisfies TableSpec;
