import type { TableSpec } from './spec.ts';

export const processNamespaces = {
  name: 'process_namespaces',
  doc: 'Namespaces of processes.',
  system: 'linux',
  columns: {
    pid: ['integer', 'Id of the process.'],
    cgroup_namespace: ['text', 'Inode of the namespace.'],
    ipc_namespace: ['text', 'Inode of the namespace.'],
    mnt_namespace: ['text', 'Inode of the namespace.'],
    net_namespace: ['text', 'Inode of the namespace.'],
    pid_namespace: ['text', 'Inode of the namespace.'],
    user_namespace: ['text', 'Inode of the namespace.'],
    uts_namespace: ['text', 'Inode of the namespace.'],
  },
} as const satisfies TableSpec;
