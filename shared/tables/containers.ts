import type { TableSpec } from './spec.ts';

export const containers = {
  name: 'containers',
  doc: 'Containers that have processes, as control groups show them.',
  system: 'linux',
  columns: {
    id: ['text', 'Id of the container.'],
    processes: ['integer', 'Processes in it.'],
    pid: ['integer', 'The oldest process.'],
    command: ['text', 'What that runs.'],
    start_time: ['integer', 'When that began, in seconds since the epoch.'],
    cgroup_path: ['text', 'Control group.'],
    net_namespace: ['text', 'Inode of its network namespace.'],
    uid: ['integer', 'Id of the user of that process.'],
  },
} as const satisfies TableSpec;
