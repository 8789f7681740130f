import type { TableSpec } from './spec.ts';

export const processEnvs = {
  name: 'process_envs',
  doc: 'Environment variables of processes, as they were at the start of each.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    key: ['text', 'Name.'],
    value: ['text', 'Value; may hold secrets.'],
  },
} as const satisfies TableSpec;
