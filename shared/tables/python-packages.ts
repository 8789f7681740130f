import type { TableSpec } from './spec.ts';

export const pythonPackages = {
  name: 'python_packages',
  doc: "Packages of Python in the system's folders.",
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version.'],
  },
} as const satisfies TableSpec;
