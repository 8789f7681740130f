import type { TableSpec } from './spec.ts';

export const npmPackages = {
  name: 'npm_packages',
  doc: 'Packages of npm that are installed for all.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version.'],
  },
} as const satisfies TableSpec;
