import type { TableSpec } from './spec.ts';

export const processOpenSockets = {
  name: 'process_open_sockets',
  doc: 'Sockets that processes have open.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process; -1 where it is not known.'],
    fd: ['integer', 'Number of the descriptor; -1 where it is not known.'],
    socket: ['integer', 'Inode of the socket.'],
    family: ['integer', '2 for IPv4, 10 for IPv6.'],
    protocol: ['integer', '6 for TCP, 17 for UDP.'],
    local_address: ['text', 'Address of this side.'],
    remote_address: ['text', 'Address of the other side.'],
    local_port: ['integer', 'Port of this side.'],
    remote_port: ['integer', 'Port of the other side.'],
    state: ['text', 'State of TCP, e.g. ESTABLISHED.'],
    uid: ['integer', 'Id of the user who owns the socket.'],
  },
} as const satisfies TableSpec;
