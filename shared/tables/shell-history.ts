import type { TableSpec } from './spec.ts';

export const shellHistory = {
  name: 'shell_history',
  doc: 'What users typed into shells, as far as those have written it down; the last 10,000 lines of each file.',
  system: 'linux',
  columns: {
    uid: ['integer', 'Id of the user.'],
    username: ['text', 'Name of the user.'],
    time: ['integer', 'When, in seconds since the epoch, where the shell notes it.'],
    command: ['text', 'The line.'],
    history_file: ['text', 'File.'],
  },
} as const satisfies TableSpec;
