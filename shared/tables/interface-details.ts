import type { TableSpec } from './spec.ts';

export const interfaceDetails = {
  name: 'interface_details',
  doc: 'Network interfaces and their counters.',
  system: 'linux',
  columns: {
    interface: ['text', 'Name.'],
    mac: ['text', 'Hardware address.'],
    type: ['integer', 'Kind of hardware (ARPHRD of if_arp.h): 1 Ethernet, 772 loopback.'],
    mtu: ['integer', 'Largest packet in bytes.'],
    flags: ['integer', 'IFF flags of netdevice(7).'],
    state: ['text', 'up, down or unknown.'],
    speed: ['integer', 'Megabits per second.'],
    ipackets: ['integer', 'Packets received.'],
    opackets: ['integer', 'Packets sent.'],
    ibytes: ['integer', 'Bytes received.'],
    obytes: ['integer', 'Bytes sent.'],
    ierrors: ['integer', 'Errors in receiving.'],
    oerrors: ['integer', 'Errors in sending.'],
    idrops: ['integer', 'Packets dropped in receiving.'],
    odrops: ['integer', 'Packets dropped in sending.'],
  },
} as const satisfies TableSpec;
