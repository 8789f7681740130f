import type { TableSpec } from './spec.ts';

export const deviceHandles = {
  name: 'device_handles',
  doc: 'Device nodes that processes hold: cameras, sound, disks, serial lines, memory.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    path: ['text', 'Path of the node.'],
    kind: ['text', 'Kind of device.'],
  },
} as const satisfies TableSpec;
