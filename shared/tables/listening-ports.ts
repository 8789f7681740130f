import type { TableSpec } from './spec.ts';

export const listeningPorts = {
  name: 'listening_ports',
  doc: 'Ports that processes listen on.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process; -1 where it is not known.'],
    port: ['integer', 'Port.'],
    protocol: ['integer', '6 for TCP, 17 for UDP.'],
    family: ['integer', '2 for IPv4, 10 for IPv6.'],
    address: ['text', 'Address that is listened on.'],
    fd: ['integer', 'Number of the descriptor; -1 where it is not known.'],
    socket: ['integer', 'Inode of the socket.'],
    uid: ['integer', 'Id of the user who owns the socket.'],
  },
} as const satisfies TableSpec;
