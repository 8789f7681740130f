import type { TableSpec } from './spec.ts';

export const blockDevices = {
  name: 'block_devices',
  doc: 'Disks and their partitions.',
  system: 'linux',
  columns: {
    name: ['text', 'Path of the node.'],
    parent: ['text', 'Path of the disk, for a partition.'],
    vendor: ['text', 'Maker.'],
    model: ['text', 'Model.'],
    serial: ['text', 'Serial number.'],
    size: ['integer', 'Sectors of 512 bytes.'],
    block_size: ['integer', 'Bytes of a logical block.'],
    type: ['text', 'disk, partition, loop, virtual or optical.'],
    removable: ['integer', '1 when it can be taken out.'],
    read_only: ['integer', '1 when it cannot be written.'],
  },
} as const satisfies TableSpec;
