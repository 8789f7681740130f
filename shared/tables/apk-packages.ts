import type { TableSpec } from './spec.ts';

export const apkPackages = {
  name: 'apk_packages',
  doc: 'Packages of apk.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version.'],
    arch: ['text', 'Architecture.'],
    size: ['integer', 'Installed size in bytes.'],
    maintainer: ['text', 'Maintainer.'],
  },
} as const satisfies TableSpec;
