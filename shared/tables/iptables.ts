import type { TableSpec } from './spec.ts';

export const iptables = {
  name: 'iptables',
  doc: 'Rules of the packet filter.',
  system: 'linux',
  columns: {
    filter_name: ['text', 'Table.'],
    chain: ['text', 'Chain.'],
    policy: ['text', 'What becomes of packets no rule takes.'],
    target: ['text', 'What the rule does.'],
    protocol: ['text', 'Protocol.'],
    src_ip: ['text', 'Source.'],
    dst_ip: ['text', 'Destination.'],
    iniface: ['text', 'Interface in.'],
    outiface: ['text', 'Interface out.'],
    dst_port: ['text', 'Destination port.'],
    packets: ['integer', 'Packets it took.'],
    bytes: ['integer', 'Bytes it took.'],
    match: ['text', 'The rule as it is written.'],
  },
} as const satisfies TableSpec;
