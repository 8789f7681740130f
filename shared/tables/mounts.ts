import type { TableSpec } from './spec.ts';

export const mounts = {
  name: 'mounts',
  doc: 'Mounted file systems.',
  system: 'linux',
  columns: {
    device: ['text', 'What is mounted.'],
    path: ['text', 'Where.'],
    type: ['text', 'Kind of file system.'],
    flags: ['text', 'Options.'],
    blocks_size: ['integer', 'Bytes of a block.'],
    blocks: ['integer', 'Blocks.'],
    blocks_free: ['integer', 'Free blocks.'],
    blocks_available: ['integer', 'Blocks that users may take.'],
    inodes: ['integer', 'Inodes.'],
    inodes_free: ['integer', 'Free inodes.'],
  },
} as const satisfies TableSpec;
