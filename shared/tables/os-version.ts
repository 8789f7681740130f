import type { TableSpec } from './spec.ts';

export const osVersion = {
  name: 'os_version',
  doc: 'The operating system.',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version, as people write it.'],
    major: ['integer', 'First part.'],
    minor: ['integer', 'Second part.'],
    patch: ['integer', 'Third part.'],
    build: ['text', 'Build.'],
    platform: ['text', 'Id, e.g. debian.'],
    platform_like: ['text', 'Ids of its kin, with spaces between.'],
    codename: ['text', 'Code name.'],
    arch: ['text', 'Architecture.'],
  },
} as const satisfies TableSpec;
