import type { TableSpec } from './spec.ts';

export const processOpenPipes = {
  name: 'process_open_pipes',
  doc: 'Pipes that processes have open.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    fd: ['integer', 'Number of the descriptor.'],
    inode: ['integer', 'What tells the pipe from others.'],
  },
} as const satisfies TableSpec;
