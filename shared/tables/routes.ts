import type { TableSpec } from './spec.ts';

export const routes = {
  name: 'routes',
  doc: 'Routes of the main tables.',
  system: 'linux',
  columns: {
    destination: ['text', 'Network or address.'],
    netmask: ['integer', 'Length of the prefix in bits.'],
    gateway: ['text', 'Next hop.'],
    interface: ['text', 'Interface.'],
    flags: ['integer', 'RTF flags of route.h.'],
    metric: ['integer', 'Metric.'],
    mtu: ['integer', 'Largest packet, where set.'],
    family: ['integer', '2 for IPv4, 10 for IPv6.'],
  },
} as const satisfies TableSpec;
