import type { TableSpec } from './spec.ts';

export const processMemoryMap = {
  name: 'process_memory_map',
  doc: 'Mapped files and regions of processes.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    start: ['text', 'First address, hexadecimal.'],
    end: ['text', 'Address after the last, hexadecimal.'],
    permissions: ['text', 'r, w, x, then p for private or s for shared.'],
    offset: ['integer', 'Where in the file it begins, in bytes.'],
    device: ['text', 'Device of the file, major:minor.'],
    inode: ['integer', 'Inode of the file.'],
    path: ['text', 'File, or the name of a region such as [heap].'],
    pseudo: ['integer', '1 where no file is behind it.'],
  },
} as const satisfies TableSpec;
