import type { TableSpec } from './spec.ts';

export const sockets = {
  name: 'sockets',
  doc: 'All sockets of TCP, UDP and the local domain, with or without a process.',
  system: 'linux',
  columns: {
    family: ['text', 'inet, inet6 or unix.'],
    protocol: ['text', 'tcp, udp, stream, dgram or seqpacket.'],
    state: ['text', 'State, e.g. LISTEN.'],
    local_address: ['text', 'Address of this side, or the path of a local socket.'],
    local_port: ['integer', 'Port of this side.'],
    remote_address: ['text', 'Address of the other side.'],
    remote_port: ['integer', 'Port of the other side.'],
    uid: ['integer', 'Id of the user who owns it; absent for local sockets.'],
    socket: ['integer', 'Inode of the socket.'],
  },
} as const satisfies TableSpec;
