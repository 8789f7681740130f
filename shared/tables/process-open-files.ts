import type { TableSpec } from './spec.ts';

export const processOpenFiles = {
  name: 'process_open_files',
  doc: 'Files that processes have open, but for sockets and pipes.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    fd: ['integer', 'Number of the descriptor.'],
    path: ['text', 'Path of the file.'],
  },
} as const satisfies TableSpec;
