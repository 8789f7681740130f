import type { TableSpec } from './spec.ts';

export const cpuInfo = {
  name: 'cpu_info',
  doc: 'Processors.',
  columns: {
    device_id: ['text', 'Number.'],
    manufacturer: ['text', 'Maker.'],
    model: ['text', 'Model.'],
    current_clock_speed: ['integer', 'Megahertz.'],
    number_of_cores: ['integer', 'Cores of its socket.'],
    socket_designation: ['text', 'Socket.'],
  },
} as const satisfies TableSpec;
